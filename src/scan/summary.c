/* SPDX-License-Identifier: Apache-2.0 */
/* scan/summary.c - what one object's code says, as bytes for the store.
 *
 * A header, the functions (with the one that ends the facts of the last), the
 * facts, the edges, in this machine's order of bytes: a store is read where it was
 * written. Facts and edges stay where they were read.
 * The check sum is against damage; against those who can write a store nothing
 * helps, so the store takes care that nobody else can. */
#include "scan/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "hullsum2";

struct header {
	char magic[8];
	uint64_t check; /* of all that follows */
	uint32_t n_funcs, n_facts, n_edges; /* n_funcs without the end */
	uint32_t is_described;
	uint64_t n_bad;
};

enum { CHECKED = 16 }; /* where that begins */
enum { HAS_DESCRIPTION = 1, HAS_PADS = 2, FALLS = 4, OPEN = 8, ALL_FLAGS = 15 };

struct func_line {
	uint32_t start, end, first_fact, first_edge, flags;
};

/* Both have no byte that is not a number of its own, but for two of padding. */
_Static_assert(sizeof(struct fact) == 12 && sizeof(struct edge) == 12 &&
		       offsetof(struct fact, length) == 9, "as they lie in memory");

/* Sums of 8 bytes each, in four lanes; the sizes are multiples of 4. */
static uint64_t check_of(const uint8_t *p, size_t n)
{
	uint64_t lane[4] = { n, 1, 2, 3 }, word;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t *h = &lane[i / 8 % 4];

		memcpy(&word, p + i, 8);
		*h = (*h ^ word) * 0x9e3779b97f4a7c15U;
		*h ^= *h >> 29;
	}
	for (word = 0; i < n; i++)
		word = word << 8 | p[i];
	for (int k = 0; k < 4; k++)
		word = (word ^ lane[k]) * 0xff51afd7ed558ccdU + (word >> 31);
	return word;
}

void summary_seal(void *bytes, size_t n)
{
	uint8_t *p = bytes;
	uint64_t check = n >= CHECKED ? check_of(p + CHECKED, n - CHECKED) : 0;

	if (n >= CHECKED)
		memcpy(p + offsetof(struct header, check), &check, sizeof(check));
}

static uint32_t flags_of(const struct func *f)
{
	return (f->is_described ? HAS_DESCRIPTION : 0U) | (f->has_landing_pads ? HAS_PADS : 0U) |
	       (f->falls ? FALLS : 0U) | (f->is_open ? OPEN : 0U);
}

static size_t size_of(uint64_t n_funcs, uint64_t n_facts, uint64_t n_edges)
{
	return sizeof(struct header) + (n_funcs + 1) * sizeof(struct func_line) +
	       n_facts * sizeof(struct fact) + n_edges * sizeof(struct edge);
}

void *summary_write(const struct code *c, size_t *ret_n)
{
	size_t n = size_of(c->n_funcs, c->n_facts, c->n_edges);
	uint8_t *bytes = calloc(1, n), *p = bytes;
	struct header h = { .n_funcs = (uint32_t)c->n_funcs, .n_facts = (uint32_t)c->n_facts,
			    .n_edges = (uint32_t)c->n_edges, .n_bad = c->n_bad,
			    .is_described = c->is_described };

	if (!bytes)
		return NULL;
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(p, &h, sizeof(h));
	p += sizeof(h);
	for (size_t i = 0; i <= c->n_funcs; i++, p += sizeof(struct func_line)) {
		const struct func *f = &c->funcs[i];
		const struct func_line l = { f->start, f->end, f->first_fact, f->first_edge,
					     flags_of(f) };

		memcpy(p, &l, sizeof(l));
	}
	for (size_t i = 0; i < c->n_facts; i++, p += sizeof(struct fact)) {
		const struct fact *t = &c->facts[i];

		memcpy(p, &t->at, 4);
		memcpy(p + 4, &t->to, 4);
		p[8] = t->kind;
		p[9] = t->length;
	}
	if (c->n_edges)
		memcpy(p, c->edges, c->n_edges * sizeof(*c->edges));
	summary_seal(bytes, n);
	*ret_n = n;
	return bytes;
}

/* Facts that lead nowhere have anything in `to` (code.c, add_fact). */
static bool leads(uint8_t kind)
{
	return kind <= FACT_LABEL && kind != FACT_CALL_ANY && kind != FACT_JUMP_ANY;
}

static bool read_funcs(const uint8_t *p, const struct header *h, uint64_t span, struct code *c)
{
	uint32_t end = 0, fact = 0, edge = 0;

	for (size_t i = 0; i <= h->n_funcs; i++, p += sizeof(struct func_line)) {
		struct func_line l;

		memcpy(&l, p, sizeof(l));
		if (l.flags & ~(uint32_t)ALL_FLAGS || l.first_fact < fact || l.first_edge < edge)
			return false;
		if (i < h->n_funcs && (l.start < end || l.end <= l.start || l.end > span))
			return false;
		if (i == 0 && (l.first_fact || l.first_edge))
			return false;
		end = l.end;
		fact = l.first_fact;
		edge = l.first_edge;
		c->funcs[i] = (struct func){
			.start = l.start, .end = l.end, .first_fact = l.first_fact,
			.first_edge = l.first_edge,
			.is_described = l.flags & HAS_DESCRIPTION,
			.has_landing_pads = l.flags & HAS_PADS,
			.falls = l.flags & FALLS, .is_open = l.flags & OPEN,
		};
	}
	return fact == h->n_facts && edge == h->n_edges;
}

/* C3, and every fact stands in its function. */
static bool has_good_facts(const struct code *c, uint64_t span)
{
	const struct func *f = c->funcs;
	uint32_t before = 0;

	for (size_t i = 0; i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];

		while (f[1].first_fact <= i)
			f++;
		if (t->kind > FACT_SYSCALL32 || t->length > 15 || t->at < before ||
		    t->at < f->start || t->at >= f->end || (leads(t->kind) && t->to >= span))
			return false;
		before = t->at;
	}
	return true;
}

/* C4, for one function, whose edges begin at x. */
static bool has_good_edges(const struct code *c, const struct elf *elf, const struct func *f,
			   const struct edge *x)
{
	const struct edge *end = c->edges + f[1].first_edge;

	for (uint32_t k = f->first_fact; k < f[1].first_fact; k++) {
		const struct fact *t = &c->facts[k];
		uint64_t to = c->base + t->to;

		if (!fact_leads(t, f))
			continue;
		if (x == end || x->fact != k ||
		    (x->func != NO_INDEX && (x->func >= c->n_funcs ||
					     t->to < c->funcs[x->func].start ||
					     t->to >= c->funcs[x->func].end)) ||
		    (x->func == NO_INDEX && code_func(c, to) >= 0) ||
		    (x->rel != NO_INDEX && (x->rel >= elf->n_rels ||
					    elf->rels[x->rel].where != to)))
			return false;
		x++;
	}
	return x == end;
}

int summary_take(void *bytes, size_t n, const struct elf *elf, struct code *ret_c)
{
	struct code c = { .base = elf->base, .kept = bytes };
	uint64_t span = elf->end - elf->base;
	struct header h;
	uint8_t *p = bytes;
	int r = -EBADMSG;

	if (n >= sizeof(h))
		memcpy(&h, bytes, sizeof(h));
	if (n < sizeof(h) || memcmp(h.magic, magic, sizeof(magic)) != 0 || h.is_described > 1 ||
	    n != size_of(h.n_funcs, h.n_facts, h.n_edges) ||
	    h.check != check_of(p + CHECKED, n - CHECKED)) {
		free(bytes);
		return r;
	}
	p += sizeof(h);
	c.n_funcs = h.n_funcs;
	c.n_facts = h.n_facts;
	c.n_edges = h.n_edges;
	c.n_bad = h.n_bad;
	c.is_described = h.is_described;
	c.facts = (void *)(p + ((size_t)h.n_funcs + 1) * sizeof(struct func_line));
	c.edges = (void *)(c.facts + h.n_facts);
	c.funcs = malloc(((size_t)h.n_funcs + 1) * sizeof(*c.funcs));
	if (!c.funcs)
		r = -ENOMEM;
	else if (read_funcs(p, &h, span, &c) && has_good_facts(&c, span))
		r = code_index(&c);
	for (size_t i = 0; r == 0 && i < c.n_funcs; i++) {
		if (!has_good_edges(&c, elf, &c.funcs[i], c.edges + c.funcs[i].first_edge))
			r = -EBADMSG;
	}
	if (r < 0)
		code_done(&c);
	else
		*ret_c = c;
	return r;
}
