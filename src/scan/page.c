/* SPDX-License-Identifier: Apache-2.0 */
/* scan/page.c - addresses that two aarch64 instructions form.
 *
 * Theory of operation
 * -------------------
 * A forward walk for each pair of register and page, on its own: from its adrp
 * along the line, to both sides of branches, along direct jumps, into other
 * functions too (.cold parts; the veneers that linkers make around an erratum
 * of the Cortex-A53). It ends where the register is overwritten, where control
 * stops, and at calls that destroy the register (clobber.c). At every place that
 * branches lead to it is noted, so that each pair passes through each only once.
 *
 *   add xD, xN, #rest           the address page + rest
 *   ldr, str ... [xN, #rest]    an access to page + rest
 *   mov, csel, add of whole     the walk goes on with the other register too
 *     pages
 *   str xN, [sp, #n]            goes on with the slot, until it is loaded again, the
 *                               place of sp is lost or the frame pointer comes in
 *   anything else that reads    the page escapes: FACT_PAGE, any address on it
 *
 * Compilers form the second half in the function that has the first, and pass
 * nothing but whole addresses (AAPCS64 knows no half ones): a page in an
 * argument register at a call or in a result at a return is a left-over. clang's
 * outliner breaks this with -Oz (docs/scan.md says so).
 *
 * Computed jumps are kept until their labels are known (code.c, 4). */
#include "scan/page.h"

#include "scan/clobber.h"
#include "scan/decode-a64.h"
#include "scan/machine.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

enum { PAGE = 4096, GAP_UNKNOWN = INT32_MIN, WHOLE_PAGE = 0xfe };
enum { MAX_STEPS = 60000 };
enum { NO_FRAME = 1, HAS_FRAME };

struct item {
	uint32_t at; /* offset of the instruction before which reg holds page */
	uint8_t reg;
	bool is_slot; /* not reg does but the word at [reg + disp] */
	int32_t disp;
	int32_t gap; /* of a slot: sp - fp, or GAP_UNKNOWN */
	uint64_t page;
};

struct pages {
	const struct elf *elf;
	const struct code *code;
	const struct machine *machine;
	struct page_sink sink;
	uint32_t *clobbers; /* by function */
	uint8_t *frames; /* by function: NO_FRAME, HAS_FRAME; 0: not known */
	uint8_t *joins; /* one bit a word of code: a branch leads here */
	struct item *todo, *jumps;
	size_t n_todo, room_todo, n_jumps, room_jumps;
	struct item *seen; /* hash table of joins; reg GPR_NONE: empty */
	size_t n_seen, mask;
	uint64_t steps, max_steps; /* of all; and since the last adrp */
	uint32_t own_steps;
	int error;
};

struct pages *pages_free(struct pages *p)
{
	if (p) {
		free(p->joins);
		free(p->frames);
		free(p->clobbers);
		free(p->todo);
		free(p->jumps);
		free(p->seen);
		free(p);
	}
	return NULL;
}

static void mark_join(struct pages *p, uint32_t at)
{
	p->joins[at / 32] |= (uint8_t)(1U << (at / 4 % 8));
}

static bool is_join(const struct pages *p, uint32_t at)
{
	return p->joins[at / 32] >> (at / 4 % 8) & 1;
}

static struct item *new_table(size_t n)
{
	struct item *v = malloc(n * sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i].reg = GPR_NONE;
	return v;
}

struct pages *pages_new(const struct elf *f, const struct code *c, struct page_sink sink)
{
	struct pages *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->elf = f;
	p->code = c;
	p->machine = machine_of(f->machine);
	p->sink = sink;
	p->mask = 4095;
	p->seen = new_table(p->mask + 1);
	p->joins = calloc((f->end - f->base) / 32 + 2, 1);
	p->frames = calloc(c->n_funcs + 1, 1);
	p->clobbers = clobber_find(f, c);
	if (!p->seen || !p->joins || !p->frames || !p->clobbers)
		return pages_free(p);
	for (size_t i = 0; i < c->n_facts; i++) {
		if (c->facts[i].kind <= FACT_BRANCH)
			mark_join(p, c->facts[i].to);
	}
	p->max_steps = 64 * ((f->end - f->base) / 4) + 1000000;
	return p;
}

static bool push(struct item **v, size_t *n, size_t *room, struct item it)
{
	if (*n == *room) {
		size_t more = *room ? *room * 2 : 256;
		struct item *bigger = realloc(*v, more * sizeof(**v));

		if (!bigger)
			return false;
		*v = bigger;
		*room = more;
	}
	(*v)[(*n)++] = it;
	return true;
}

static size_t slot_of(const struct pages *p, const struct item *it)
{
	uint64_t h = (it->page ^ (uint64_t)it->at << 20 ^ it->reg ^
		      (uint64_t)(uint32_t)it->disp << 5) * 0x9e3779b97f4a7c15U;

	return (h ^ h >> 29) & p->mask;
}

static bool grow(struct pages *p)
{
	size_t n = p->mask + 1;
	struct item *old = p->seen, *v = new_table(2 * n);

	if (!v)
		return false;
	p->seen = v;
	p->mask = 2 * n - 1;
	for (size_t i = 0; i < n; i++) {
		size_t slot;

		if (old[i].reg == GPR_NONE)
			continue;
		slot = slot_of(p, &old[i]);
		while (v[slot].reg != GPR_NONE)
			slot = (slot + 1) & p->mask;
		v[slot] = old[i];
	}
	free(old);
	return true;
}

/* True when the pair has been at this place before. */
static bool was_here(struct pages *p, struct item it)
{
	size_t slot = slot_of(p, &it);

	for (; p->seen[slot].reg != GPR_NONE; slot = (slot + 1) & p->mask) {
		const struct item *s = &p->seen[slot];

		if (s->at == it.at && s->reg == it.reg && s->page == it.page &&
		    s->is_slot == it.is_slot && s->disp == it.disp && s->gap == it.gap)
			return true;
	}
	p->seen[slot] = it;
	if (2 * ++p->n_seen > p->mask && !grow(p))
		p->error = -ENOMEM;
	return false;
}

/* One fact for a page is enough in each function. */
static bool was_told(struct pages *p, uint32_t at, uint64_t page)
{
	ptrdiff_t k = code_func(p->code, p->code->base + at);

	return was_here(p, (struct item){ .at = k < 0 ? at : p->code->funcs[k].start,
					  .reg = WHOLE_PAGE, .page = page });
}

/* Does the function of an instruction make itself a frame pointer? */
static bool has_frame(struct pages *p, uint32_t at)
{
	ptrdiff_t k = code_func(p->code, p->code->base + at);
	const struct func *fn = k < 0 ? NULL : &p->code->funcs[k];
	uint8_t *known = fn ? &p->frames[k] : NULL;
	const uint8_t *bytes;
	struct insn in;

	if (!fn)
		return true;
	bytes = elf_at(p->elf, p->code->base + fn->start, fn->end - fn->start);
	for (uint32_t i = 0; bytes && !*known && i + 4 <= fn->end - fn->start; i += 4) {
		/* add xD, sp, #n is mov xD, sp, too. */
		if (a64_insn(bytes + i, 4, p->code->base + fn->start + i, &in) &&
		    in.dst == GPR_FP && (in.src == GPR_SP || in.base == GPR_SP) &&
		    (in.kind == INSN_MOVE || in.kind == INSN_LEA))
			*known = HAS_FRAME;
	}
	if (!*known)
		*known = NO_FRAME;
	return *known == HAS_FRAME;
}

static void tell(struct pages *p, uint32_t at, enum fact_kind kind, uint64_t to)
{
	int r;

	if (kind == FACT_PAGE && was_told(p, at, to))
		return;
	if (kind == FACT_PAGE && to < p->elf->base && to + PAGE > p->elf->base)
		to = p->elf->base;
	r = p->sink.take(p->sink.ctx, p->code->base + at, kind, to);
	if (r < 0)
		p->error = r;
}

/* Goes on at an address, which a jump or branch leads to. */
static void lead(struct pages *p, uint64_t address, struct item it)
{
	it.at = (uint32_t)(address - p->code->base);

	if (!elf_is_code(p->elf, address))
		return;
	mark_join(p, it.at);
	if (!push(&p->todo, &p->n_todo, &p->room_todo, it))
		p->error = -ENOMEM;
}

static void go_to(struct pages *p, uint64_t address, uint8_t reg, uint64_t page)
{
	lead(p, address, (struct item){ .reg = reg, .page = page });
}

/* What an instruction that reads the register does with the page. */
static void use(struct pages *p, const struct insn *in, uint32_t at, const struct item *it)
{
	uint8_t r = it->reg;
	bool is_narrow = in->width && in->width < 8, is_base = in->has_mem && in->base == r;

	/* Four bytes of an address are none: a left-over, on a way not taken. */
	if (is_narrow && !is_base && in->index != r)
		return;
	if (is_base) {
		tell(p, at, in->index == GPR_NONE ? FACT_ACCESS : FACT_PAGE,
		     it->page + (uint64_t)(in->index == GPR_NONE ? in->disp : 0));
		if (in->is_pair && in->index == GPR_NONE)
			tell(p, at, FACT_ACCESS, it->page + (uint64_t)in->disp + in->width);
		if (!in->step && !(in->kind == INSN_STORE && (in->src == r || in->pair == r)))
			return;
	} else if (in->kind == INSN_STORE && in->width == 8 && in->index == GPR_NONE &&
		   (in->base == GPR_SP || (in->base == GPR_FP && has_frame(p, at))) &&
		   (in->src == r || in->pair == r) && in->src != in->pair) {
		/* Behind a step of the base the distance is another. */
		int64_t disp = in->disp + (in->pair == r ? 8 : 0) - in->step;

		lead(p, p->code->base + at + 4,
		     (struct item){ .reg = in->base, .is_slot = true,
				    .disp = (int32_t)disp, .gap = GAP_UNKNOWN, .page = it->page });
		return;
	} else if ((in->kind == INSN_LEA && in->base == r) ||
		   (in->kind == INSN_ADD && in->dst == r)) {
		uint64_t to = it->page + (uint64_t)(in->kind == INSN_LEA ? in->disp : in->imm);

		if (to % PAGE == 0 && to != it->page)
			go_to(p, p->code->base + at + 4, in->dst, to);
		tell(p, at, FACT_ADDRESS, to);
		return;
	} else if (in->kind == INSN_MOVE && in->width == 8) {
		go_to(p, p->code->base + at + 4, in->dst, it->page);
		return;
	} else if (in->kind == INSN_SELECT && in->width == 8 && (in->pair != r || in->imm == 0)) {
		go_to(p, p->code->base + at + 4, in->dst, it->page);
		return;
	} else if (in->is_test || in->kind == INSN_BRANCH) {
		return;
	} else if (in->kind == INSN_CALL || in->kind == INSN_JUMP) {
		tell(p, at, FACT_ADDRESS, it->page);
		return;
	} else if (in->kind == INSN_SYSCALL) {
		return;
	}
	tell(p, at, FACT_PAGE, it->page);
}

/* Does control come back from the call at the end of a function? (code.c) Not
 * when the next begins behind it: nobody saves the return address after a call. */
static bool comes_back(const struct pages *p, uint32_t at)
{
	ptrdiff_t k = code_func(p->code, p->code->base + at);
	const uint8_t *next;
	struct insn in;

	for (uint32_t i = at + 4; (next = elf_at(p->elf, p->code->base + i, 4)); i += 4) {
		if (!a64_insn(next, 4, p->code->base + i, &in))
			return false;
		if (in.kind == INSN_STORE && (in.src == GPR_LR || in.pair == GPR_LR))
			return false;
		if (!in.is_padding)
			break;
	}

	return k < 0 || at + 4 < p->code->funcs[k].end || p->code->funcs[k].falls;
}

/* Is the register another behind the call? */
static bool is_clobbered(const struct pages *p, const struct insn *call, uint8_t reg)
{
	ptrdiff_t k = call->is_direct ? code_func(p->code, call->to) : -1;

	if (!(p->machine->caller_saved >> reg & 1))
		return false;
	return k < 0 || p->clobbers[k] >> reg & 1;
}

/* Follows control behind an instruction. False: the walk ends. */
static bool step(struct pages *p, const struct insn *in, const struct item *it)
{
	switch (in->kind) {
	case INSN_CALL:
		return (it->is_slot || !is_clobbered(p, in, it->reg)) &&
		       comes_back(p, it->at);
	case INSN_JUMP:
		if (in->is_direct)
			lead(p, in->to, *it);
		else if (!push(&p->jumps, &p->n_jumps, &p->room_jumps, *it))
			p->error = -ENOMEM;
		return false;
	case INSN_BRANCH:
		lead(p, in->to, *it);
		return true;
	case INSN_RETURN:
	case INSN_STOP:
		return false;
	default:
		return true;
	}
}

/* How far the stack pointer is from the frame pointer behind an instruction. */
static int32_t gap_behind(const struct insn *in, int32_t gap)
{
	if (!insn_writes(in, GPR_SP) || in->kind == INSN_CALL)
		return gap;
	if (in->kind == INSN_MOVE && in->src == GPR_FP)
		return 0;
	if (in->kind == INSN_LEA && in->base == GPR_FP)
		return (int32_t)in->disp;
	if (gap == GAP_UNKNOWN)
		return gap;
	if (in->kind == INSN_ADD)
		return gap + (int32_t)in->imm;
	return in->step && in->base == GPR_SP ? gap + in->step : GAP_UNKNOWN;
}

/* A slot of the stack holds the page. False: the walk ends. */
static bool use_slot(struct pages *p, const struct insn *in, struct item *it)
{
	bool by_sp = in->base == GPR_SP, by_fp = in->base == GPR_FP;
	bool knows = in->base == it->reg || (it->reg == GPR_FP && by_sp && it->gap != GAP_UNKNOWN);
	int64_t at = in->disp + (in->base == it->reg ? 0 : it->gap);
	bool is_exact = knows && in->index == GPR_NONE && in->width == 8 &&
			(at == it->disp || (in->is_pair && at + 8 == it->disp));
	bool moves = insn_writes(in, it->reg) && in->kind != INSN_CALL;

	if (in->kind == INSN_LOAD && is_exact)
		go_to(p, p->code->base + it->at + 4, at == it->disp ? in->dst : in->pair,
		      it->page);
	if (in->kind == INSN_STORE && is_exact)
		return false;
	if (in->has_mem && (by_sp || (by_fp && has_frame(p, it->at))) && !knows &&
	    in->kind != INSN_STORE)
		tell(p, it->at, FACT_PAGE, it->page);
	it->gap = gap_behind(in, it->gap);
	if (!moves)
		return true;
	if ((in->kind == INSN_ADD && in->dst == it->reg) || (in->step && in->base == it->reg)) {
		it->disp -= (int32_t)(in->kind == INSN_ADD ? in->imm : in->step);
		/* Below the stack pointer nothing lives. */
		return it->reg == GPR_FP || it->disp >= 0;
	}
	/* The frame goes away: the caller's frame pointer is back. */
	if (it->reg == GPR_FP && in->kind == INSN_LOAD && by_sp)
		return false;
	tell(p, it->at, FACT_PAGE, it->page);
	return false;
}

static bool is_stub(const struct pages *p, uint64_t address)
{
	const struct elf_seg *s = elf_seg_of(p->elf, address);
	size_t start;
	uint64_t slot;

	/* The load is followed by up to two instructions and br x17. */
	for (uint64_t at = address + 4; s && at <= address + 12 && at + 4 <= s->file_end; at += 4) {
		if (a64_stub(s->bytes, at - s->start, s->start, &start, &slot))
			return s->start + start + 8 >= address;
	}
	return false;
}

static void walk(struct pages *p, struct item it)
{
	for (; !p->error; it.at += 4) {
		uint64_t address = p->code->base + it.at;
		const uint8_t *bytes = elf_at(p->elf, address, 4);
		struct insn in;

		if (!bytes || !elf_is_code(p->elf, address) || !a64_insn(bytes, 4, address, &in))
			return;
		if (is_join(p, it.at) && was_here(p, it))
			return;
		if (p->steps++ > p->max_steps || p->own_steps++ > MAX_STEPS) {
			tell(p, it.at, FACT_PAGE, it.page);
			return;
		}
		if (it.reg == 16 && !it.is_slot && in.kind == INSN_LOAD && in.dst == 17 &&
		    is_stub(p, address))
			return;
		if (it.is_slot && !use_slot(p, &in, &it))
			return;
		if (!it.is_slot && insn_reads(&in, it.reg))
			use(p, &in, it.at, &it);
		if (!it.is_slot && insn_writes(&in, it.reg) && in.kind != INSN_CALL)
			return;
		if (!step(p, &in, &it))
			return;
	}
}

static int walk_all(struct pages *p)
{
	while (p->n_todo && !p->error)
		walk(p, p->todo[--p->n_todo]);
	return p->error;
}

int pages_find(struct pages *p)
{
	for (size_t i = 0; i < p->code->n_funcs && !p->error; i++) {
		const struct func *fn = &p->code->funcs[i];
		uint64_t start = p->code->base + fn->start;
		const uint8_t *bytes = elf_at(p->elf, start, fn->end - fn->start);

		for (uint32_t at = (uint32_t)(-start & 3);
		     bytes && at + 4 <= fn->end - fn->start; at += 4) {
			struct insn in;

			if (!a64_is_page(elf_u32(bytes + at)) ||
			    !a64_insn(bytes + at, 4, start + at, &in) || in.dst == GPR_NONE)
				continue;
			p->own_steps = 0;
			walk(p, (struct item){ .at = fn->start + at + 4, .reg = in.dst,
					       .page = (uint64_t)in.disp });
			walk_all(p);
		}
	}
	return p->error;
}

bool pages_is_join(const struct pages *p, uint32_t at)
{
	return is_join(p, at);
}

int pages_at_label(struct pages *p, uint64_t jump, uint64_t label)
{
	for (size_t i = 0; i < p->n_jumps; i++) {
		const struct item it = p->jumps[i];

		if (p->code->base + it.at == jump) {
			p->own_steps = 0;
			lead(p, label, it);
		}
	}
	return walk_all(p);
}

int pages_give_up(struct pages *p, uint64_t jump)
{
	for (size_t i = 0; i < p->n_jumps; i++) {
		if (p->code->base + p->jumps[i].at == jump)
			tell(p, p->jumps[i].at, FACT_PAGE, p->jumps[i].page);
	}
	return p->error;
}
