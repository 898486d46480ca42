/* SPDX-License-Identifier: Apache-2.0 */
/* scan/code-a64.c - what aarch64 code says in more than one instruction.
 *
 * Theory of operation
 * -------------------
 * Jump tables hold distances of 1, 2 or 4 bytes, mostly in units of instructions
 * and from a label in the code, so a table cannot be told by its bytes. It is
 * read from the code before the jump, backwards in a line:
 *
 *   br   xN                      xN is made by
 *   add  xN, xB, xM, ext #s      base + (entry << s); xM is made by
 *   ldr? xM, [xT, xI ...]        an entry of the table at xT; in assembly also of
 *                                [xT + xI ...] itself, which is xB, too
 *   adr, adrp + add              make xB and xT; where that is not found in the
 *                                line (moved out of a loop), all addresses that
 *                                the function forms in that register are tried
 *
 * Entries are taken up to the bound that `cmp xI, #n; b.hi` gives if nothing
 * jumps in between, else while they lead into the function and up to the next
 * address that code names. A wrong one only adds. A jump through a pointer that
 * was loaded whole goes to a function or to labels whose addresses stand in data.
 * If none of this fits, the function is open: anything in it may be a label.
 *
 * Addresses and labels need each other (an address may be formed behind a
 * label), so both are looked for until nothing new is found. */
#include "scan/code-a64.h"

#include "base/scope.h"
#include "scan/decode-a64.h"
#include "scan/machine.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BACK = 96, MAX_VALUES = 24, MAX_ENTRIES = 65536 };

struct named {
	uint32_t at, to;
};

struct table {
	uint64_t start, base, jump;
	uint32_t n; /* entries, at most */
	uint8_t size, bits, shift;
	bool is_signed;
	bool is_own; /* from the entry itself: base is not used */
};

struct reader {
	const struct elf *elf;
	struct code *code;
	struct page_sink sink; /* the caller's */
	struct pages *pages;
	uint32_t *jumps; /* computed ones */
	size_t n_jumps;
	struct named *formed; /* addresses by instruction */
	size_t n_formed;
	uint32_t *constants; /* what code names outside of code */
	size_t n_constants;
	uint64_t *labels; /* code whose address stands in data */
	size_t n_labels;
	struct table *tables; /* that were read */
	size_t n_tables, room_tables;
};

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The facts as they are now, in the orders that are needed. */
static int index_facts(struct reader *r)
{
	const struct code *c = r->code;

	free(r->formed);
	free(r->constants);
	r->n_formed = r->n_constants = 0;
	r->formed = calloc(c->n_facts + 1, sizeof(*r->formed));
	r->constants = calloc(c->n_facts + 1, sizeof(*r->constants));
	if (!r->formed || !r->constants)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_facts; i++) {
		const struct fact *t = &c->facts[i];

		if (t->kind != FACT_ADDRESS && t->kind != FACT_ACCESS)
			continue;
		if (t->kind == FACT_ADDRESS)
			r->formed[r->n_formed++] = (struct named){ t->at, t->to };
		if (!elf_is_code(r->elf, c->base + t->to))
			r->constants[r->n_constants++] = t->to;
	}
	qsort(r->formed, r->n_formed, sizeof(*r->formed), by_value);
	qsort(r->constants, r->n_constants, sizeof(*r->constants), by_value);
	return 0;
}

static int find_jumps(struct reader *r)
{
	const struct code *c = r->code;

	r->jumps = calloc(c->n_facts + 1, sizeof(*r->jumps));
	for (size_t i = 0; r->jumps && i < c->n_facts; i++) {
		if (c->facts[i].kind == FACT_JUMP_ANY)
			r->jumps[r->n_jumps++] = c->facts[i].at;
	}
	return r->jumps ? 0 : -ENOMEM;
}

/* Words of data that hold addresses of code: relocations say so, or in a program
 * for a fixed place the words themselves. */
static int find_labels(struct reader *r)
{
	const struct elf *f = r->elf;
	size_t room = f->n_rels + (f->type == ET_EXEC ? f->size / 8 : 0);

	r->labels = calloc(room + 1, sizeof(*r->labels));
	if (!r->labels)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_rels; i++) {
		if (f->rels[i].kind == ELF_REL_RELATIVE && elf_is_code(f, f->rels[i].addend))
			r->labels[r->n_labels++] = f->rels[i].addend;
	}
	for (size_t i = 0; f->type == ET_EXEC && i < f->n_segs; i++) {
		const struct elf_seg *s = &f->segs[i];
		uint64_t n = s->is_exec ? 0 : (s->file_end - s->start) / 8;

		for (uint64_t k = 0; k < n && r->n_labels < room; k++) {
			uint64_t v = elf_u64(s->bytes + k * 8);

			if (v && v % 4 == 0 && elf_is_code(f, v))
				r->labels[r->n_labels++] = v;
		}
	}
	qsort(r->labels, r->n_labels, sizeof(*r->labels), by_address);
	return 0;
}

static bool insn_at(const struct reader *r, uint32_t at, struct insn *ret)
{
	const uint8_t *p = elf_at(r->elf, r->code->base + at, 4);

	return p && a64_insn(p, 4, r->code->base + at, ret);
}

static uint32_t word_at(const struct reader *r, uint32_t at)
{
	const uint8_t *p = elf_at(r->elf, r->code->base + at, 4);

	return p ? elf_u32(p) : 0;
}

/* The nearest instruction before `at` that writes *reg, past copies and checks
 * of pointers, of which *reg becomes the source. */
static bool find_maker(const struct reader *r, const struct func *fn, uint32_t at, uint8_t *reg,
		       uint32_t *ret_at, struct insn *ret)
{
	for (uint32_t n = 0; at >= fn->start + 4 && n < MAX_BACK; n++) {
		at -= 4;
		if (!insn_at(r, at, ret))
			continue;
		if (ret->kind == INSN_CALL && machine_of(EM_AARCH64)->caller_saved >> *reg & 1)
			break;
		if (!insn_writes(ret, *reg))
			continue;
		if (ret->kind == INSN_MOVE && ret->src != GPR_NONE && ret->width == 8) {
			*reg = ret->src;
			continue;
		}
		if ((word_at(r, at) & 0xffff0000) == 0xdac10000)
			continue; /* autia and the like */
		*ret_at = at;
		return true;
	}
	return false;
}

/* The addresses that an instruction forms. */
static size_t formed_at(const struct reader *r, uint32_t at, uint64_t *v, size_t n)
{
	size_t low = 0, high = r->n_formed;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->formed[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < r->n_formed && r->formed[low].at == at && n < MAX_VALUES; low++)
		v[n++] = r->code->base + r->formed[low].to;
	return n;
}

/* What addresses a register can hold before `at`. */
static size_t values_of(const struct reader *r, const struct func *fn, uint32_t at, uint8_t reg,
			uint64_t v[MAX_VALUES])
{
	uint32_t maker;
	struct insn in;
	size_t n = 0;

	if (find_maker(r, fn, at, &reg, &maker, &in))
		n = formed_at(r, maker, v, 0);
	if (n)
		return n;
	for (at = fn->start; at < fn->end && n < MAX_VALUES; at += 4) {
		uint64_t one[MAX_VALUES];

		if (formed_at(r, at, one, 0) && insn_at(r, at, &in) && in.dst == reg)
			n = formed_at(r, at, v, n);
	}
	return n;
}

static uint32_t next_constant(const struct reader *r, uint64_t start)
{
	uint32_t at = (uint32_t)(start - r->code->base);
	size_t low = 0, high = r->n_constants;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->constants[mid] <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n_constants ? r->constants[low] : UINT32_MAX;
}

/* How many entries a comparison before the load allows. */
static uint32_t bound_of(const struct reader *r, const struct func *fn, uint32_t at, uint8_t index)
{
	for (uint32_t n = 0; at >= fn->start + 8 && n < MAX_BACK; n++) {
		struct insn in, test;
		uint32_t w;

		if (pages_is_join(r->pages, at))
			return MAX_ENTRIES;
		at -= 4;
		if (!insn_at(r, at, &in) || insn_writes(&in, index) || in.kind == INSN_CALL)
			return MAX_ENTRIES;
		w = word_at(r, at);
		if ((w & 0xff00001f) != 0x54000008 && (w & 0xff00001f) != 0x54000002)
			continue; /* b.hi, b.hs */
		if (insn_at(r, at - 4, &test) && test.kind == INSN_OTHER && test.is_test &&
		    test.tests_equal && test.dst == index && test.imm >= 0 &&
		    test.imm < MAX_ENTRIES)
			return (uint32_t)test.imm + 1;
	}
	return MAX_ENTRIES;
}

/* Sees to it that each table is read once. */
static bool is_new(struct reader *r, const struct table *t)
{
	for (size_t i = 0; i < r->n_tables; i++) {
		const struct table *o = &r->tables[i];

		if (o->start == t->start && o->base == t->base && o->jump == t->jump)
			return false;
	}
	if (r->n_tables == r->room_tables) {
		size_t room = r->room_tables ? r->room_tables * 2 : 64;
		struct table *v = realloc(r->tables, room * sizeof(*v));

		if (!v)
			return true;
		r->tables = v;
		r->room_tables = room;
	}
	r->tables[r->n_tables++] = *t;
	return true;
}

static int tell_label(struct reader *r, uint64_t jump, uint64_t to)
{
	int e = r->sink.take(r->sink.ctx, jump, FACT_LABEL, to);

	return e < 0 ? e : pages_at_label(r->pages, jump, to);
}

static uint64_t entry_at(const struct table *t, const uint8_t *p)
{
	uint64_t v = 0;
	unsigned bits = t->size * 8U;

	memcpy(&v, p, t->size);
	if (t->bits && t->bits < bits)
		bits = t->bits;
	v &= bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
	if (t->is_signed && v >> (bits - 1) & 1)
		v |= ~(uint64_t)0 << (bits - 1);
	return v << t->shift;
}

/* Tells the labels of a table; false when it has none. */
static int read_table(struct reader *r, const struct func *fn, const struct table *t, bool *any)
{
	uint64_t start = r->code->base + fn->start, end = r->code->base + fn->end;
	uint64_t stop = r->code->base + next_constant(r, t->start);
	int e = 0;

	for (uint32_t i = 0; e == 0 && i < t->n; i++) {
		uint64_t at = t->start + (uint64_t)i * t->size, to;
		const uint8_t *p = at < stop ? elf_at(r->elf, at, t->size) : NULL;

		to = p ? (t->is_own ? at : t->base) + entry_at(t, p) : 1;
		if (!p || to % 4 || !elf_is_code(r->elf, to) ||
		    (t->size < 4 && (to < start || to >= end)))
			break;
		*any = true;
		e = tell_label(r, t->jump, to);
	}
	return e;
}

/* The load is from [xB], which is xT + (xI << 2) by an addition of its own. */
static int read_own(struct reader *r, const struct func *fn, uint32_t load_at,
		    const struct insn *load, const struct a64_sum *sum, struct table *t, bool *any)
{
	uint64_t starts[MAX_VALUES];
	struct a64_sum own;
	struct insn in;
	uint8_t base = load->base;
	uint32_t at;
	size_t n;
	int e = 0;

	t->size = (uint8_t)(1U << (word_at(r, load_at) >> 30));
	if (load->base != sum->base || load->disp || load->step || sum->shift || t->size > 4 ||
	    !find_maker(r, fn, load_at, &base, &at, &in) || !a64_sum(word_at(r, at), &own) ||
	    own.dst != base)
		return 0;
	t->is_own = true;
	t->n = MAX_ENTRIES;
	n = values_of(r, fn, at, own.base, starts);
	for (size_t i = 0; e == 0 && i < n; i++) {
		t->start = starts[i];
		if (is_new(r, t))
			e = read_table(r, fn, t, any);
		else
			*any = true;
	}
	return e;
}

/* All tables that the sum before a jump can mean. */
static int read_sum(struct reader *r, const struct func *fn, uint32_t jump, uint32_t at,
		    struct a64_sum sum, bool *any)
{
	uint64_t starts[MAX_VALUES], bases[MAX_VALUES];
	size_t n_starts, n_bases;
	struct table t = { .jump = r->code->base + jump, .shift = sum.shift, .bits = sum.bits,
			   .is_signed = sum.is_signed };
	uint32_t load_at;
	struct insn load;
	uint8_t index = sum.index;
	int e = 0;

	if (!find_maker(r, fn, at, &index, &load_at, &load))
		return 0;
	if (load.kind == INSN_MOVE && load.width == 4) { /* sxtw */
		index = load.src;
		t.bits = 32;
		t.is_signed = true;
		if (!find_maker(r, fn, load_at, &index, &load_at, &load))
			return 0;
	}
	if (!load.has_mem || load.writes_mem)
		return 0;
	if (load.index == GPR_NONE)
		return read_own(r, fn, load_at, &load, &sum, &t, any);
	t.size = (uint8_t)(1U << (word_at(r, load_at) >> 30));
	t.is_signed |= word_at(r, load_at) >> 23 & 1;
	t.n = bound_of(r, fn, load_at, load.index);
	n_starts = values_of(r, fn, load_at, load.base, starts);
	n_bases = values_of(r, fn, at, sum.base, bases);
	for (size_t i = 0; t.size < 8 && i < n_starts; i++) {
		for (size_t k = 0; e == 0 && k < n_bases; k++) {
			t.start = starts[i];
			t.base = bases[k];
			if (sum.base == load.base && t.base != t.start)
				continue;
			if (is_new(r, &t))
				e = read_table(r, fn, &t, any);
			else
				*any = true;
		}
	}
	return e;
}

/* Labels of the function whose addresses stand in data. */
static int read_labels(struct reader *r, const struct func *fn, uint64_t jump)
{
	uint64_t start = r->code->base + fn->start, end = r->code->base + fn->end;
	size_t low = 0, high = r->n_labels;
	int e = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->labels[mid] <= start)
			low = mid + 1;
		else
			high = mid;
	}
	for (; e == 0 && low < r->n_labels && r->labels[low] < end; low++)
		e = pages_at_label(r->pages, jump, r->labels[low]);
	return e;
}

/* Finds out where a computed jump leads. *is_open: it could not be. */
static int read_jump(struct reader *r, uint32_t at, bool *is_open)
{
	uint64_t jump = r->code->base + at, v[MAX_VALUES];
	ptrdiff_t k = code_func(r->code, jump);
	const struct func *fn = k < 0 ? NULL : &r->code->funcs[k];
	struct a64_sum sum;
	struct insn in;
	uint32_t maker;
	bool any = false, is_call;
	uint8_t reg;
	size_t n;
	int e;

	*is_open = false;
	if (!fn || !insn_at(r, at, &in) || in.src == GPR_NONE)
		return 0;
	reg = in.src;
	is_call = reg == 16 || reg == 17;
	if (!find_maker(r, fn, at, &reg, &maker, &in) || in.kind == INSN_LOAD)
		return read_labels(r, fn, jump);
	n = formed_at(r, maker, v, 0);
	for (size_t i = 0; i < n; i++) {
		if (!elf_is_code(r->elf, v[i]))
			continue;
		any = true;
		e = is_new(r, &(struct table){ .start = v[i], .jump = jump })
			    ? tell_label(r, jump, v[i])
			    : 0;
		if (e < 0)
			return e;
	}
	if (any)
		return 0;
	/* Tail calls take x16 or x17, since the procedure call standard leaves them
	 * to calls; switches never do. */
	*is_open = !is_call;
	if (!a64_sum(word_at(r, maker), &sum) || sum.dst != reg)
		return 0;
	e = read_sum(r, fn, at, maker, sum, &any);
	if (e == 0 && !any && sum.shift == 0 && sum.bits == 0) {
		uint8_t swap = sum.base;

		sum.base = sum.index;
		sum.index = swap;
		e = read_sum(r, fn, at, maker, sum, &any);
	}
	*is_open &= !any;
	return e;
}

static int read_all(struct reader *r)
{
	size_t before;
	bool is_open;
	int e = pages_find(r->pages);

	do {
		before = r->code->n_facts;
		if (e == 0)
			e = index_facts(r);
		for (size_t i = 0; e == 0 && i < r->n_jumps; i++)
			e = read_jump(r, r->jumps[i], &is_open);
	} while (e == 0 && r->code->n_facts > before);
	for (size_t i = 0; e == 0 && i < r->n_jumps; i++) {
		ptrdiff_t k = code_func(r->code, r->code->base + r->jumps[i]);

		e = read_jump(r, r->jumps[i], &is_open);
		if (e == 0 && is_open && k >= 0) {
			r->code->funcs[k].is_open = true;
			e = pages_give_up(r->pages, r->code->base + r->jumps[i]);
		}
	}
	return e;
}

int code_a64_read(const struct elf *f, struct code *c, struct page_sink sink)
{
	struct reader r = { .elf = f, .code = c, .sink = sink, .pages = pages_new(f, c, sink) };
	int e = r.pages ? find_jumps(&r) : -ENOMEM;

	if (e == 0)
		e = find_labels(&r);
	if (e == 0)
		e = read_all(&r);
	pages_free(r.pages);
	free(r.jumps);
	free(r.formed);
	free(r.constants);
	free(r.labels);
	free(r.tables);
	return e;
}
