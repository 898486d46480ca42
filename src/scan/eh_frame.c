/* SPDX-License-Identifier: Apache-2.0 */
/* scan/eh_frame.c - where functions begin and end, by the unwinder's tables.
 *
 * Theory of operation
 * -------------------
 * .eh_frame is a row of records: CIEs (how the records behind them encode
 * addresses) and FDEs (one range of code each). With section headers we know
 * its bounds; without, .eh_frame_hdr tells where it begins and a record of
 * length 0, or one that makes no sense, where it ends. We walk the records and
 * do not use the header's search table: a walk finds the same and needs no
 * second reader. A zero record between two objects' parts (crtend.o) ends the
 * unwinder's walk, so it ends ours only when the bounds are not known.
 *
 * The FDE of a signal trampoline begins one byte before its code, so that the
 * unwinder, which looks one byte back, finds it ('S' in the augmentation). */
#include "scan/eh_frame.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* DW_EH_PE_: how a pointer is written, and against what. */
enum {
	PE_ABSPTR = 0x00, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04,
	PE_SDATA2 = 0x0a, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10, PE_OMIT = 0xff,
};

/* A cursor over bytes at a known address; p is NULL after a fault. */
struct cursor {
	const uint8_t *p, *end;
	uint64_t address;
};

struct cie {
	uint8_t pointer, lsda;
	bool is_signal, has_lsda, is_good;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (!p || (size_t)(c->end - p) < n) {
		c->p = NULL;
		return NULL;
	}
	c->p += n;
	c->address += n;
	return p;
}

static uint8_t take_u8(struct cursor *c)
{
	const uint8_t *p = take(c, 1);

	return p ? *p : 0;
}

static uint64_t take_uleb(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = take_u8(c);
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (c->p && byte & 0x80);
	return v;
}

static uint64_t take_pointer(struct cursor *c, uint8_t how)
{
	static const uint8_t sizes[16] = {
		[PE_ABSPTR] = 8, [PE_UDATA2] = 2, [PE_UDATA4] = 4,
		[PE_UDATA8] = 8, [PE_SDATA2] = 2, [PE_SDATA4] = 4,
		[PE_SDATA8] = 8,
	};
	uint64_t at = c->address, v = 0;
	size_t n = sizes[how & 0x0f];
	const uint8_t *p = n ? take(c, n) : NULL;

	if (!p) {
		c->p = NULL;
		return 0;
	}
	memcpy(&v, p, n);
	if (how & 0x08 && n < 8 && v >> (n * 8 - 1))
		v |= ~(uint64_t)0 << (n * 8);
	if ((how & 0x70) == PE_PCREL)
		v += at;
	else if (how & 0x70)
		c->p = NULL;
	return v;
}

/* The letters behind 'z' say what the augmentation data holds, in order. */
static void read_augmentation(struct cursor *c, const char *letters, struct cie *cie)
{
	for (; *letters && c->p; letters++) {
		switch (*letters) {
		case 'R':
			cie->pointer = take_u8(c);
			break;
		case 'L':
			cie->lsda = take_u8(c);
			cie->has_lsda = true;
			break;
		case 'P':
			/* The personality routine: its bytes only. */
			take_pointer(c, take_u8(c) & 0x1f);
			break;
		case 'S':
			cie->is_signal = true;
			break;
		default:
			break;
		}
	}
}

static struct cie read_cie(struct cursor c)
{
	struct cie cie = { .pointer = PE_ABSPTR, .lsda = PE_OMIT };
	uint8_t version = take_u8(&c);
	const char *letters = (const char *)c.p;
	const uint8_t *nul;

	nul = c.p ? memchr(c.p, '\0', (size_t)(c.end - c.p)) : NULL;
	if (!nul)
		return cie;
	take(&c, (size_t)(nul - c.p) + 1);
	take_uleb(&c); /* code alignment */
	take_uleb(&c); /* data alignment */
	if (version == 1)
		take_u8(&c);
	else
		take_uleb(&c); /* the return address's column */
	if (*letters == 'z') {
		take_uleb(&c);
		read_augmentation(&c, letters + 1, &cie);
	}
	cie.is_good = c.p;
	return cie;
}

static bool read_fde(struct cursor c, const struct cie *cie, struct eh_range *ret)
{
	uint64_t start = take_pointer(&c, cie->pointer);
	uint64_t n = take_pointer(&c, cie->pointer & 0x0f);

	if (!c.p || !cie->is_good || !n || __builtin_add_overflow(start, n, &ret->end))
		return false;
	ret->start = start + cie->is_signal;
	ret->has_landing_pads = false;
	if (cie->has_lsda && take_uleb(&c) && c.p)
		ret->has_landing_pads = take_pointer(&c, cie->lsda & 0x0f) != 0;
	return ret->start < ret->end;
}

/* The record at *at: its body, and the address behind it. False at the end. */
static bool next_record(const struct elf *f, uint64_t *at, uint64_t end,
			struct cursor *ret)
{
	const uint8_t *p = elf_at(f, *at, 4);
	uint64_t n, head = 4;

	if (!p || *at >= end)
		return false;
	n = elf_u32(p);
	if (n == UINT32_MAX) {
		p = elf_at(f, *at, 12);
		if (!p)
			return false;
		n = elf_u64(p + 4);
		head = 12;
	}
	if (n > end - *at - head || !elf_at(f, *at, head + n))
		return false;
	*ret = (struct cursor){ p + head, p + head + n, *at + head };
	*at += head + n;
	return true;
}

static int add(struct eh_range **v, size_t *n, size_t *room, struct eh_range r)
{
	if (*n == *room) {
		size_t more = *room ? *room * 2 : 1024;
		struct eh_range *bigger = realloc(*v, more * sizeof(**v));

		if (!bigger)
			return -ENOMEM;
		*v = bigger;
		*room = more;
	}
	(*v)[(*n)++] = r;
	return 0;
}

static int walk(const struct elf *f, struct elf_range all, bool is_bounded,
		struct eh_range **v, size_t *n)
{
	uint64_t at = all.start, cie_at = 0;
	struct cie cie = { 0 };
	struct eh_range range;
	struct cursor c, body;
	size_t room = 0;
	int r = 0;

	while (r == 0 && next_record(f, &at, all.end, &c)) {
		uint64_t id_at = c.address, back;

		if (c.p == c.end && !is_bounded)
			break;
		if ((size_t)(c.end - c.p) < 4)
			continue;
		back = elf_u32(take(&c, 4));
		if (back == 0 || back > id_at - all.start)
			continue;
		if (cie_at != id_at - back) {
			cie_at = id_at - back;
			back = cie_at;
			if (!next_record(f, &back, all.end, &body) ||
			    !take(&body, 4))
				cie.is_good = false;
			else
				cie = read_cie(body);
		}
		if (read_fde(c, &cie, &range))
			r = add(v, n, &room, range);
	}
	return r;
}

static int by_start(const void *a, const void *b)
{
	const struct eh_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Overlapping ranges (a damaged file, or one function described twice) are cut
 * at the next start. */
static size_t tidy(const struct elf *f, struct eh_range *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 0; i < n; i++) {
		if (!elf_is_code(f, v[i].start) || !elf_is_code(f, v[i].end - 1))
			continue;
		if (kept && v[kept - 1].start == v[i].start) {
			v[kept - 1].end = v[i].end;
			v[kept - 1].has_landing_pads |= v[i].has_landing_pads;
			continue;
		}
		if (kept && v[kept - 1].end > v[i].start)
			v[kept - 1].end = v[i].start;
		v[kept++] = v[i];
	}
	return kept;
}

int eh_frame_read(const struct elf *f, struct eh_range **ret_v, size_t *ret_n,
		  struct err *e)
{
	struct elf_range all = f->eh_frame;
	auto_free struct eh_range *v = NULL;
	const struct elf_seg *s;
	const uint8_t *p;
	size_t n = 0;

	p = elf_at(f, f->eh_frame_hdr.start, 8);
	if (all.start == all.end && f->eh_frame_hdr.start && p && p[1] != PE_OMIT) {
		struct cursor c = { p + 4, p + 8, f->eh_frame_hdr.start + 4 };

		all.start = take_pointer(&c, p[1]);
		s = c.p ? elf_seg_of(f, all.start) : NULL;
		all.end = s ? s->file_end : all.start;
	}
	if (all.start < all.end &&
	    walk(f, all, f->eh_frame.start < f->eh_frame.end, &v, &n) < 0)
		return err_set(e, -ENOMEM, "read .eh_frame");
	*ret_n = v ? tidy(f, v, n) : 0;
	*ret_v = TAKE_PTR(v);
	return 0;
}
