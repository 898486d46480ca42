/* SPDX-License-Identifier: Apache-2.0 */
/* scan/summary.c - what one object's code says, as bytes for the store.
 *
 * A header, the functions (with the one that ends the facts of the last), the
 * facts, in this machine's order of bytes: a store is read where it was written.
 * The check sum is against damage; against those who can write a store nothing
 * helps, so the store takes care that nobody else can. */
#include "scan/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "hullsum1";

struct header {
	char magic[8];
	uint64_t check; /* of all that follows */
	uint32_t n_funcs, n_facts; /* n_funcs without the end */
	uint64_t n_bad;
	uint64_t is_described;
};

enum { CHECKED = 16 }; /* where that begins */
enum { HAS_DESCRIPTION = 1, HAS_PADS = 2, FALLS = 4, OPEN = 8, ALL_FLAGS = 15 };

struct func_line {
	uint32_t start, end, first_fact, flags;
};

struct fact_line {
	uint32_t at, to;
	uint8_t kind, length, zero[2];
};

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

void *summary_write(const struct code *c, size_t *ret_n)
{
	size_t n_funcs = c->n_funcs + 1;
	size_t n = sizeof(struct header) + n_funcs * sizeof(struct func_line) +
		   c->n_facts * sizeof(struct fact_line);
	uint8_t *bytes = calloc(1, n), *p = bytes;
	struct header h = { .n_funcs = (uint32_t)c->n_funcs, .n_facts = (uint32_t)c->n_facts,
			    .n_bad = c->n_bad, .is_described = c->is_described };

	if (!bytes)
		return NULL;
	p += sizeof(h);
	for (size_t i = 0; i < n_funcs; i++, p += sizeof(struct func_line)) {
		const struct func *f = &c->funcs[i];

		memcpy(p, &(struct func_line){ f->start, f->end, f->first_fact, flags_of(f) },
		       sizeof(struct func_line));
	}
	for (size_t i = 0; i < c->n_facts; i++, p += sizeof(struct fact_line)) {
		const struct fact *t = &c->facts[i];

		memcpy(p, &(struct fact_line){ t->at, t->to, t->kind, t->length, { 0 } },
		       sizeof(struct fact_line));
	}
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(bytes, &h, sizeof(h));
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
	uint32_t end = 0, fact = 0;

	for (size_t i = 0; i <= h->n_funcs; i++, p += sizeof(struct func_line)) {
		struct func_line l;
		bool is_last = i == h->n_funcs;

		memcpy(&l, p, sizeof(l));
		if (l.flags & ~(uint32_t)ALL_FLAGS || l.first_fact < fact ||
		    l.first_fact > h->n_facts || (is_last && l.first_fact != h->n_facts) ||
		    (i == 0 && l.first_fact != 0))
			return false;
		if (!is_last && (l.start < end || l.end <= l.start || l.end > span))
			return false;
		end = l.end;
		fact = l.first_fact;
		c->funcs[i] = (struct func){
			.start = l.start, .end = l.end, .first_fact = l.first_fact,
			.is_described = l.flags & HAS_DESCRIPTION,
			.has_landing_pads = l.flags & HAS_PADS,
			.falls = l.flags & FALLS, .is_open = l.flags & OPEN,
		};
	}
	c->n_funcs = h->n_funcs;
	return true;
}

/* C3, and every fact stands in its function. */
static bool read_facts(const uint8_t *p, const struct header *h, uint64_t span, struct code *c)
{
	const struct func *f = c->funcs;
	uint32_t before = 0;

	for (size_t i = 0; i < h->n_facts; i++, p += sizeof(struct fact_line)) {
		struct fact_line l;

		memcpy(&l, p, sizeof(l));
		while (f[1].first_fact <= i)
			f++;
		if (l.kind > FACT_SYSCALL32 || l.length > 15 || l.at < before ||
		    l.at < f->start || l.at >= f->end || (leads(l.kind) && l.to >= span))
			return false;
		before = l.at;
		c->facts[i] = (struct fact){ l.at, l.to, l.kind, l.length };
	}
	c->n_facts = h->n_facts;
	return true;
}

int summary_read(const void *bytes, size_t n, uint64_t base, uint64_t span,
		 struct code *ret_c)
{
	struct code c = { .base = base };
	const uint8_t *funcs = (const uint8_t *)bytes + sizeof(struct header), *facts;
	struct header h;
	int r = -EBADMSG;

	if (n < sizeof(h))
		return r;
	memcpy(&h, bytes, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.is_described > 1 ||
	    n != sizeof(h) + ((uint64_t)h.n_funcs + 1) * sizeof(struct func_line) +
			 (uint64_t)h.n_facts * sizeof(struct fact_line) ||
	    h.check != check_of((const uint8_t *)bytes + CHECKED, n - CHECKED))
		return r;
	facts = funcs + ((size_t)h.n_funcs + 1) * sizeof(struct func_line);
	c.n_bad = h.n_bad;
	c.is_described = h.is_described;
	c.funcs = malloc(((size_t)h.n_funcs + 1) * sizeof(*c.funcs));
	c.facts = malloc(((size_t)h.n_facts + 1) * sizeof(*c.facts));
	if (!c.funcs || !c.facts)
		r = -ENOMEM;
	else if (read_funcs(funcs, &h, span, &c) && read_facts(facts, &h, span, &c))
		r = code_index(&c);
	if (r < 0)
		code_done(&c);
	else
		*ret_c = c;
	return r;
}
