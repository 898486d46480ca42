/* SPDX-License-Identifier: Apache-2.0 */
/* scan/code.c - the machine code of one object, as functions and facts.
 *
 * Theory of operation
 * -------------------
 * 1. Starts. Functions are known to begin where .eh_frame, a symbol, the entry
 *    point, an init or fini pointer or a relocation says so. Between two known
 *    starts there is one function, whether anybody described it or not: the
 *    tail of clone(), which its description leaves out, becomes the
 *    undescribed neighbour that clone() falls into.
 * 2. Sweep. Each function is decoded in one line from its start to its end. An
 *    undecodable byte is skipped and stops the flow. Targets of direct jumps
 *    and calls that are no start of an instruction (a jump behind a lock
 *    prefix, code that overlaps) are decoded from there as well, until the two
 *    lines meet.
 * 3. Splits. A described range can hold many functions: .plt is one. Behind an
 *    instruction that stops the flow, a jump through a slot begins a stub of
 *    its own. In code that nobody described, so does each target of a call and
 *    each address that is formed of it. A split never loses anything: all
 *    jumps are facts, and what runs on over the new border is marked `falls`.
 *
 * 4. Jump tables. Compilers make them of 32-bit distances from the table's own
 *    start (or of plain addresses, where the program has a fixed place), in
 *    read-only data. Every address that code forms is tried as the start of
 *    one: entries are taken while they lead into code, up to the next address
 *    that any code forms or reads, which is where the next constant begins.
 *    Text and numbers do not look like that, and a wrong entry only adds.
 *
 * A described function that ends in a call does not return from it (the
 * return address would lie outside of its description, so the unwinder could
 * not have coped); an undescribed one may. */
#include "scan/code.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/code-a64.h"
#include "scan/decode-a64.h"
#include "scan/decode.h"
#include "scan/eh_frame.h"
#include "scan/machine.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is being built. */
struct build {
	const struct elf *elf;
	struct code *code;
	struct decoder *decoder;
	uint8_t *starts; /* one bit a byte: an instruction begins here */
	size_t room_facts, n_starts, room_starts;
	size_t n_swept; /* facts that the first sweep found, sorted */
	uint32_t *begins; /* where functions begin */
	uint64_t image_start, image_end;
	uint8_t step; /* of instructions: struct machine */
};


void code_done(struct code *c)
{
	free(c->funcs);
	if (!c->kept) {
		free(c->facts);
		free(c->edges);
	}
	free(c->kept);
	free(c->pages);
	*c = (struct code){ 0 };
}

ptrdiff_t code_func(const struct code *c, uint64_t address)
{
	size_t low = 0, high = c->n_funcs;
	uint64_t at = address - c->base;

	if (c->pages && at >> CODE_PAGE >= c->n_pages)
		return -1; /* behind the last function */
	if (c->pages) {
		low = c->pages[at >> CODE_PAGE];
		high = c->pages[(at >> CODE_PAGE) + 1];
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->funcs[mid].start <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || at >= c->funcs[low - 1].end)
		return -1;
	return (ptrdiff_t)low - 1;
}

size_t code_fact_from(const struct code *c, uint32_t at)
{
	size_t low = 0, high = c->n_facts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->facts[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int add_begin(struct build *b, uint64_t address)
{
	address += -address & (b->step - 1U);
	if (!elf_is_code(b->elf, address))
		return 0;
	if (b->n_starts == b->room_starts) {
		size_t room = b->room_starts ? b->room_starts * 2 : 4096;
		uint32_t *v = realloc(b->begins, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		b->begins = v;
		b->room_starts = room;
	}
	b->begins[b->n_starts++] = (uint32_t)(address - b->code->base);
	return 0;
}

static int add_symbols(struct build *b, const struct elf_sym *v, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (v[i].section == SHN_UNDEF || v[i].type == STT_TLS ||
		    v[i].type == STT_SECTION || v[i].type == STT_FILE)
			continue;
		r = add_begin(b, v[i].value);
		/* What lies behind a function of known size is not its part. */
		if (r == 0 && v[i].size && v[i].type == STT_FUNC)
			r = add_begin(b, v[i].value + v[i].size);
	}
	return r;
}

static int add_pointers(struct build *b)
{
	const struct elf *f = b->elf;
	int r = add_begin(b, f->entry);

	if (r == 0)
		r = add_begin(b, f->dyn.init);
	if (r == 0)
		r = add_begin(b, f->dyn.fini);
	for (int k = 0; k < 3; k++) {
		const struct elf_range a = f->dyn.arrays[k];

		for (uint64_t at = a.start; r == 0 && at < a.end; at += 8) {
			const uint8_t *p = elf_at(f, at, 8);

			r = p ? add_begin(b, elf_u64(p)) : 0;
		}
	}
	return r;
}

/* Sorts by three passes over 11 bits each: there are hundreds of thousands. */
static int sort_offsets(uint32_t *v, size_t n)
{
	enum { BITS = 11, SLOTS = 1 << BITS };
	auto_free uint32_t *other = calloc(n + 1, sizeof(*other));
	uint32_t *from = v, *to = other;

	if (!other)
		return -ENOMEM;
	if (n == 0) /* v may be NULL */
		return 0;
	for (int shift = 0; shift < 33; shift += BITS) {
		uint32_t first[SLOTS + 1] = { 0 }, *swap;

		for (size_t i = 0; i < n; i++)
			first[(from[i] >> shift & (SLOTS - 1)) + 1]++;
		for (size_t i = 1; i <= SLOTS; i++)
			first[i] += first[i - 1];
		for (size_t i = 0; i < n; i++)
			to[first[from[i] >> shift & (SLOTS - 1)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	memcpy(v, other, n * sizeof(*v));
	return 0;
}

/* Adds the borders of the executable sections (or segments): the last function
 * of each ends with it. */
static int add_bounds(struct build *b, struct elf_range *v, size_t *ret_n)
{
	const struct elf *f = b->elf;
	size_t n = 0;

	for (size_t i = 0; i < f->n_sects; i++) {
		const struct elf_sect *s = &f->sects[i];

		if (s->is_exec && s->has_bytes && s->start < s->end &&
		    elf_at(f, s->start, s->end - s->start))
			v[n++] = (struct elf_range){ s->start, s->end };
	}
	for (size_t i = 0; !f->n_sects && i < f->n_segs; i++) {
		if (f->segs[i].is_exec && f->segs[i].file_end > f->segs[i].start)
			v[n++] = (struct elf_range){ f->segs[i].start, f->segs[i].file_end };
	}
	*ret_n = n;
	for (size_t i = 0; i < n; i++) {
		int r = add_begin(b, v[i].start);

		if (r < 0)
			return r;
	}
	return 0;
}

static struct func *new_func(struct code *c, size_t *room, uint32_t start)
{
	if (c->n_funcs + 1 >= *room) {
		size_t more = *room ? *room * 2 : 4096;
		struct func *v = realloc(c->funcs, more * sizeof(*v));

		if (!v)
			return NULL;
		c->funcs = v;
		*room = more;
	}
	c->funcs[c->n_funcs] = (struct func){ .start = start };
	return &c->funcs[c->n_funcs++];
}

/* For each page, how many functions begin before it. */
int code_index(struct code *c)
{
	uint32_t end = c->n_funcs ? c->funcs[c->n_funcs - 1].end : 0, k = 0;

	c->n_pages = 0;
	free(c->pages);
	c->pages = calloc((end >> CODE_PAGE) + 2, sizeof(*c->pages));
	if (!c->pages)
		return -ENOMEM;
	for (uint32_t page = 0; page <= (end >> CODE_PAGE) + 1; page++) {
		while (k < c->n_funcs && c->funcs[k].start < (uint64_t)page << CODE_PAGE)
			k++;
		c->pages[page] = k;
	}
	c->n_pages = (end >> CODE_PAGE) + 1;
	return 0;
}

/* From the sorted starts and the bounds, the functions (C1). */
static int make_funcs(struct build *b, const struct elf_range *bounds, size_t n_bounds,
		      const struct eh_range *eh, size_t n_eh)
{
	struct code *c = b->code;
	size_t room = 0, k = 0, h = 0, described = 0, all = 0;

	if (sort_offsets(b->begins, b->n_starts) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_starts; i++) {
		uint32_t at = b->begins[i];
		struct func *f;

		if (c->n_funcs && c->funcs[c->n_funcs - 1].start == at)
			continue;
		while (k < n_bounds && bounds[k].end - c->base <= at)
			k++;
		if (k == n_bounds)
			break;
		if (c->n_funcs && c->funcs[c->n_funcs - 1].end > at)
			c->funcs[c->n_funcs - 1].end = at;
		f = new_func(c, &room, at);
		if (!f)
			return -ENOMEM;
		f->end = (uint32_t)(bounds[k].end - c->base);
		while (h < n_eh && eh[h].end - c->base <= at)
			h++;
		if (h < n_eh && eh[h].start - c->base <= at) {
			f->is_described = true;
			f->has_landing_pads = eh[h].has_landing_pads;
		}
	}
	if (!c->funcs) {
		if (!new_func(c, &room, 0))
			return -ENOMEM;
		c->n_funcs = 0; /* room for the end is all */
	}
	for (size_t i = 0; i < c->n_funcs; i++) {
		uint32_t n = c->funcs[i].end - c->funcs[i].start;

		all += n;
		described += c->funcs[i].is_described ? n : 0;
	}
	c->is_described = described > all / 2;
	return code_index(c);
}

static int add_fact(struct build *b, uint64_t at, int kind, uint64_t to, uint8_t length)
{
	struct code *c = b->code;

	if (kind < 0)
		return 0;
	if (c->n_facts == b->room_facts) {
		size_t room = b->room_facts ? b->room_facts * 2 : 16384;
		struct fact *v = realloc(c->facts, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		c->facts = v;
		b->room_facts = room;
	}
	/* A target outside of the object is nobody's: garbage among code. */
	if (kind <= FACT_LABEL && kind != FACT_CALL_ANY && kind != FACT_JUMP_ANY &&
	    (to < b->elf->base || to >= b->elf->end))
		return 0;
	c->facts[c->n_facts++] = (struct fact){ .at = (uint32_t)(at - c->base),
						.to = (uint32_t)(to - c->base),
						.kind = (uint8_t)kind, .length = length };
	return 0;
}

static int add_pair(void *ctx, uint64_t at, enum fact_kind kind, uint64_t to)
{
	return add_fact(ctx, at, (int)kind, to, 4);
}

static bool is_start(const struct build *b, uint32_t at)
{
	return b->starts[at / 8] >> (at % 8) & 1;
}

static bool is_call(int kind)
{
	return kind == FACT_CALL || kind == FACT_CALL_SLOT || kind == FACT_CALL_ANY;
}

/* What a word of aarch64 code says together with its neighbours: a jump that ends
 * a stub of the PLT goes through its slot; a literal of a program for a fixed
 * place may be an address. */
static void read_a64(const struct build *b, uint64_t at, struct decoded *d)
{
	const struct elf_seg *s = elf_seg_of(b->elf, at);
	const uint8_t *p;
	size_t start;

	/* Go's frames hold the address behind a call, which nobody jumps to. */
	if (d->kind == FACT_ADDRESS && d->to > at + 4 && d->to <= at + 32 && d->to < s->file_end &&
	    elf_u32(s->bytes + (d->to - 4 - s->start)) >> 26 == 0x25)
		d->kind = -1;
	if (d->kind == FACT_SYSCALL && at >= s->start + 4 &&
	    a64_is_exit(elf_u32(s->bytes + (at - 4 - s->start))))
		d->flow = FLOW_STOP;
	if (d->kind == FACT_JUMP_ANY &&
	    a64_stub(s->bytes, at - s->start, s->start, &start, &d->to))
		d->kind = FACT_JUMP_SLOT;
	p = d->kind == FACT_ACCESS && b->image_end ? elf_at(b->elf, d->to, 8) : NULL;
	if (p && elf_is_code(b->elf, d->to) && elf_u64(p) >= b->image_start &&
	    elf_u64(p) < b->image_end) {
		d->also = FACT_ADDRESS;
		d->also_to = elf_u64(p);
	}
}

/* Decodes from *at to end, or until an instruction that is known already.
 * `falls` is whether the last real instruction lets control run on. */
static int sweep(struct build *b, uint32_t from, uint32_t end, bool is_described,
		 bool *ret_falls)
{
	struct code *c = b->code;
	const uint8_t *bytes = elf_at(b->elf, c->base + from, end - from);
	bool falls = false;
	int r = 0;

	for (uint32_t at = from; bytes && r == 0 && at < end && !is_start(b, at);) {
		struct decoded d;

		decode_fact(b->decoder, bytes + (at - from), end - at, c->base + at,
			    b->image_start, b->image_end, &d);
		if (!d.length) {
			c->n_bad++;
			falls = false;
			at += b->step - (uint32_t)((c->base + at) & (b->step - 1U));
			continue;
		}
		b->starts[at / 8] |= (uint8_t)(1U << (at % 8));
		if (b->step == 4)
			read_a64(b, c->base + at, &d);
		if (d.flow != FLOW_PADDING)
			falls = d.flow == FLOW_NEXT &&
				!(is_described && is_call(d.kind));
		r = add_fact(b, c->base + at, d.kind, d.to, d.length);
		if (r == 0)
			r = add_fact(b, c->base + at, d.also, d.also_to, d.length);
		at += d.length;
	}
	*ret_falls = falls;
	return r;
}

/* C2: targets that the sweep did not meet. New facts are looked at, too. */
static int sweep_targets(struct build *b)
{
	struct code *c = b->code;
	bool ignored;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];
		ptrdiff_t k;

		if (t->kind > FACT_BRANCH || is_start(b, t->to))
			continue;
		k = code_func(c, c->base + t->to);
		if (k >= 0)
			r = sweep(b, t->to, c->funcs[k].end, c->funcs[k].is_described, &ignored);
	}
	return r;
}

static int by_at(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* The first sweep went by address: only what was found behind it is sorted, and
 * merged into it from the end. */
static int sort_facts(struct build *b)
{
	struct code *c = b->code;
	size_t n = c->n_facts - b->n_swept, low = b->n_swept, to = c->n_facts;
	auto_free struct fact *late = calloc(n + 1, sizeof(*late));

	if (!late)
		return -ENOMEM;
	if (!n)
		return 0;
	memcpy(late, c->facts + b->n_swept, n * sizeof(*late));
	qsort(late, n, sizeof(*late), by_at);
	while (n) {
		if (low && c->facts[low - 1].at > late[n - 1].at)
			c->facts[--to] = c->facts[--low];
		else
			c->facts[--to] = late[--n];
	}
	return 0;
}

static bool a64_begin(const struct build *b, uint32_t at, uint32_t *ret_at)
{
	const struct elf_seg *s = elf_seg_of(b->elf, b->code->base + at);
	uint64_t slot;
	size_t start;

	if (!s || !a64_stub(s->bytes, b->code->base + at - s->start, s->start, &start, &slot))
		return false;
	*ret_at = (uint32_t)(s->start + start - b->code->base);
	return true;
}

/* Does a stub begin at this fact? Its start, with the endbr64 before it. */
static bool begins_stub(const struct build *b, const struct fact *t, uint32_t *ret_at)
{
	const struct code *c = b->code;
	const struct elf_rel *rel;
	const uint8_t *p;
	size_t i;

	if (t->kind != FACT_JUMP_SLOT)
		return false;
	i = elf_rel_from(b->elf, c->base + t->to);
	if (i == b->elf->n_rels)
		return false;
	rel = &b->elf->rels[i];
	if (rel->where != c->base + t->to)
		return false;
	*ret_at = t->at;
	if (b->step == 4)
		return a64_begin(b, t->at, ret_at);
	p = t->at >= 4 ? elf_at(b->elf, c->base + t->at - 4, 4) : NULL;
	if (p && memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0)
		*ret_at -= 4;
	return true;
}

/* The further starts that the facts show (step 3). */
static int find_splits(struct build *b)
{
	const struct code *c = b->code;
	int r = 0;

	b->n_starts = 0;
	for (size_t i = 0; r == 0 && i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];
		uint32_t at;
		ptrdiff_t k;

		if (begins_stub(b, t, &at))
			r = add_begin(b, c->base + at);
		if (r < 0 || (t->kind != FACT_CALL && t->kind != FACT_ADDRESS) ||
		    !elf_is_code(b->elf, c->base + t->to) || !is_start(b, t->to))
			continue;
		k = code_func(c, c->base + t->to);
		if (k >= 0 && !c->funcs[k].is_described)
			r = add_begin(b, c->base + t->to);
	}
	return r;
}

/* Does control run on over `at`, a new border inside function f? */
static bool runs_on(const struct build *b, const struct func *f, uint32_t at)
{
	struct decoded d = { 0 };
	uint32_t i = at;

	/* The instruction before, over padding: the line is known. */
	while (i-- > f->start) {
		const uint8_t *p;

		if (!is_start(b, i))
			continue;
		p = elf_at(b->elf, b->code->base + i, at - i);
		if (p)
			decode_fact(b->decoder, p, at - i, b->code->base + i, 0, 0, &d);
		if (d.length && b->step == 4)
			read_a64(b, b->code->base + i, &d);
		if (!d.length || i + d.length != at)
			return true;
		if (d.flow != FLOW_PADDING)
			return d.flow == FLOW_NEXT;
		at = i;
	}
	return false;
}

static int split(struct build *b)
{
	struct code *c = b->code;
	struct func *old = c->funcs;
	size_t n_old = c->n_funcs, room = 0, k = 0;

	if (sort_offsets(b->begins, b->n_starts) < 0)
		return -ENOMEM;
	c->funcs = NULL;
	c->n_funcs = 0;
	for (size_t i = 0; i < n_old; i++) {
		struct func *f = new_func(c, &room, old[i].start);

		if (f)
			*f = old[i];
		while (k < b->n_starts && b->begins[k] <= old[i].start)
			k++;
		for (; f && k < b->n_starts && b->begins[k] < old[i].end; k++) {
			if (b->begins[k] == f->start)
				continue;
			f->end = b->begins[k];
			f->falls = runs_on(b, &old[i], f->end);
			f = new_func(c, &room, b->begins[k]);
			if (f) {
				*f = old[i];
				f->start = b->begins[k];
			}
		}
		if (!f) {
			free(old);
			return -ENOMEM;
		}
	}
	free(old);
	return code_index(c);
}

static int index_facts(struct build *b)
{
	struct code *c = b->code;
	size_t k = 0, room = c->n_funcs + 1;

	if (sort_facts(b) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_funcs; i++) {
		while (k < c->n_facts && c->facts[k].at < c->funcs[i].start)
			k++;
		c->funcs[i].first_fact = (uint32_t)k;
	}
	if (!new_func(c, &room, UINT32_MAX))
		return -ENOMEM;
	c->funcs[--c->n_funcs].first_fact = (uint32_t)c->n_facts;
	return 0;
}

/* C4 */
static int make_edges(struct build *b)
{
	struct code *c = b->code;
	size_t n = 0;

	for (size_t i = 0; i < c->n_funcs; i++) {
		for (uint32_t k = c->funcs[i].first_fact; k < c->funcs[i + 1].first_fact; k++)
			n += fact_leads(&c->facts[k], &c->funcs[i]);
	}
	c->edges = malloc((n + 1) * sizeof(*c->edges));
	if (!c->edges)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_funcs; i++) {
		struct func *f = &c->funcs[i];

		f->first_edge = (uint32_t)c->n_edges;
		for (uint32_t k = f->first_fact; k < f[1].first_fact; k++) {
			uint64_t to = c->base + c->facts[k].to;
			ptrdiff_t func;
			size_t rel;

			if (!fact_leads(&c->facts[k], f))
				continue;
			func = code_func(c, to);
			rel = elf_slot_rel(b->elf, to);
			c->edges[c->n_edges++] = (struct edge){
				k, func < 0 ? NO_INDEX : (uint32_t)func,
				rel < b->elf->n_rels ? (uint32_t)rel : NO_INDEX };
		}
	}
	c->funcs[c->n_funcs].first_edge = (uint32_t)c->n_edges;
	return 0;
}

/* The addresses of constants that code names, sorted. */
static uint32_t *constants(const struct build *b, size_t *ret_n)
{
	const struct code *c = b->code;
	uint32_t *v = calloc(c->n_facts + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];

		if ((t->kind == FACT_ADDRESS || t->kind == FACT_ACCESS) &&
		    !elf_is_code(b->elf, c->base + t->to))
			v[n++] = t->to;
	}
	if (v && sort_offsets(v, n) < 0) {
		free(v);
		v = NULL;
	}
	*ret_n = n;
	return v;
}

/* The entries of a table at `start`, if it is one, as facts of `at`. */
static int read_table(struct build *b, uint32_t at, uint32_t start, uint32_t end)
{
	const struct code *c = b->code;
	int r = 0;

	for (uint32_t i = start; r == 0 && i < end; i += 4) {
		const uint8_t *p = elf_at(b->elf, c->base + i, 4);
		uint64_t to = p ? c->base + start + (uint64_t)(int32_t)elf_u32(p) : 0;

		if (!p || !elf_is_code(b->elf, to) || !is_start(b, (uint32_t)(to - c->base)))
			break;
		r = add_fact(b, c->base + at, FACT_LABEL, to, 0);
	}
	for (uint32_t i = start; r == 0 && b->image_end && i < end; i += 8) {
		const uint8_t *p = elf_at(b->elf, c->base + i, 8);
		uint64_t to = p ? elf_u64(p) : 0;

		if (!p || !elf_is_code(b->elf, to) || !is_start(b, (uint32_t)(to - c->base)))
			break;
		r = add_fact(b, c->base + at, FACT_LABEL, to, 0);
	}
	return r;
}

static int read_tables(struct build *b)
{
	const struct code *c = b->code;
	size_t n, n_facts = c->n_facts;
	auto_free uint32_t *v = constants(b, &n);
	int r = v ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n_facts; i++) {
		const struct fact t = c->facts[i];
		const struct elf_seg *s;
		size_t low = 0, high = n;

		if (t.kind != FACT_ADDRESS)
			continue;
		s = elf_seg_of(b->elf, c->base + t.to);
		if (!s || s->is_write || elf_is_code(b->elf, c->base + t.to))
			continue;
		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (v[mid] <= t.to)
				low = mid + 1;
			else
				high = mid;
		}
		r = read_table(b, t.at, t.to, low < n ? v[low] : (uint32_t)(s->file_end - c->base));
	}
	return r;
}

static int build(struct build *b, const uint64_t *extra, size_t n_extra,
		 const struct eh_range *eh, size_t n_eh)
{
	struct code *c = b->code;
	struct elf_range *bounds;
	size_t n_bounds;
	int r = 0;

	bounds = calloc(b->elf->n_sects + b->elf->n_segs + 1, sizeof(*bounds));
	if (!bounds)
		return -ENOMEM;
	r = add_bounds(b, bounds, &n_bounds);
	for (size_t i = 0; r == 0 && i < n_eh; i++) {
		r = add_begin(b, eh[i].start);
		if (r == 0)
			r = add_begin(b, eh[i].end);
	}
	if (r == 0)
		r = add_symbols(b, b->elf->dynsyms, b->elf->n_dynsyms);
	if (r == 0)
		r = add_symbols(b, b->elf->syms, b->elf->n_syms);
	if (r == 0)
		r = add_pointers(b);
	for (size_t i = 0; r == 0 && i < n_extra; i++)
		r = add_begin(b, extra[i]);
	if (r == 0)
		r = make_funcs(b, bounds, n_bounds, eh, n_eh);
	free(bounds);
	for (size_t i = 0; r == 0 && i < c->n_funcs; i++)
		r = sweep(b, c->funcs[i].start, c->funcs[i].end, c->funcs[i].is_described,
			  &c->funcs[i].falls);
	b->n_swept = c->n_facts;
	if (r == 0)
		r = sweep_targets(b);
	if (r == 0 && b->step == 4)
		r = code_a64_read(b->elf, c, (struct page_sink){ add_pair, b });
	if (r == 0)
		r = read_tables(b);
	if (r == 0)
		r = find_splits(b);
	if (r == 0)
		r = split(b);
	if (r == 0)
		r = index_facts(b);
	return r == 0 ? make_edges(b) : r;
}

int code_read(const struct elf *f, const uint64_t *extra, size_t n_extra,
	      struct code *ret_c, struct err *e)
{
	auto_free struct eh_range *eh = NULL;
	struct build b = { .elf = f, .code = ret_c, .step = machine_of(f->machine)->step };
	size_t n_eh = 0;
	int r;

	*ret_c = (struct code){ .base = f->base };
	if (f->type == ET_EXEC) {
		b.image_start = f->base;
		b.image_end = f->end;
	}
	r = eh_frame_read(f, &eh, &n_eh, e);
	if (r < 0)
		return r;
	b.decoder = decoder_new(f->machine);
	b.starts = calloc((f->end - f->base) / 8 + 1, 1);
	r = b.decoder && b.starts ? build(&b, extra, n_extra, eh, n_eh) : -ENOMEM;
	decoder_free(b.decoder);
	free(b.starts);
	free(b.begins);
	if (r < 0) {
		code_done(ret_c);
		return err_set(e, r, "read code");
	}
	return 0;
}
