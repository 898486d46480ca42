/* SPDX-License-Identifier: Apache-2.0 */
/* note/note.c - what a program carries for its filter: reading it.
 *
 * Every length is compared with what is left before it is used (N1); sums that
 * could overflow are not made. */
#include "note/note.h"

#include <string.h>

static const char magic[4] = { 'h', 'u', 'l', 'l' };

static uint32_t get(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* An ELF note: sizes of name and content, type, then both, each filled up to 4
 * bytes (gABI, "Note Section"; 8 in .note.gnu.property, whose content has a
 * multiple of 8). */
bool note_find(const uint8_t *notes, size_t n, const uint8_t **ret_desc, size_t *ret_size)
{
	while (n >= 12) {
		uint64_t name = get(notes, 4), desc = get(notes + 4, 4);
		uint64_t at = 12 + ((name + 3) & ~(uint64_t)3);
		uint64_t whole = at + ((desc + 3) & ~(uint64_t)3);

		if (at > n || desc > n - at)
			return false;
		if (name == sizeof(NOTE_OWNER) && get(notes + 8, 4) == NOTE_TYPE &&
		    memcmp(notes + 12, NOTE_OWNER, sizeof(NOTE_OWNER)) == 0) {
			*ret_desc = notes + at;
			*ret_size = (size_t)desc;
			return true;
		}
		if (whole > n)
			return false;
		notes += whole;
		n -= (size_t)whole;
	}
	return false;
}

bool note_open(const uint8_t *desc, size_t size, struct note *ret)
{
	uint32_t used;

	if (size < NOTE_HEADER || size > NOTE_MAX || memcmp(desc, magic, 4) != 0)
		return false;
	used = get(desc + 40, 4);
	*ret = (struct note){ .format = (uint16_t)get(desc + 4, 2),
			      .soundness = (uint16_t)get(desc + 6, 2),
			      .digest = desc + 8,
			      .records = desc + NOTE_HEADER,
			      .size = used };
	return ret->format == NOTE_FORMAT && used <= size - NOTE_HEADER;
}

bool note_next(const struct note *n, struct note_record *r)
{
	const uint8_t *p = n->records + r->next;
	size_t left = n->size - r->next, size;

	if (left < 8)
		return false;
	size = get(p + 4, 4);
	if (size > left - 8)
		return false;
	r->kind = get(p, 4);
	r->bytes = p + 8;
	r->size = size;
	r->next += 8 + size;
	return true;
}

bool note_text(const struct note_record *r, const char **ret_text, size_t *ret_n)
{
	*ret_text = (const char *)r->bytes;
	*ret_n = r->size;
	return !memchr(r->bytes, 0, r->size);
}

bool note_split(const struct note_record *r, const char **ret_text, const uint8_t **ret_rest,
		size_t *ret_n)
{
	const uint8_t *nul = memchr(r->bytes, 0, r->size);

	if (!nul)
		return false;
	*ret_text = (const char *)r->bytes;
	*ret_rest = nul + 1;
	*ret_n = r->size - (size_t)(nul + 1 - r->bytes);
	return true;
}

bool note_number(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

bool note_calls(const uint8_t *bytes, size_t n, uint64_t bits[NOTE_CALLS / 64])
{
	const uint8_t *end = bytes + n;
	uint64_t at = 0, step;

	memset(bits, 0, NOTE_CALLS / 8);
	while (bytes < end) {
		if (!note_number(&bytes, end, &step) || step >= NOTE_CALLS - at)
			return false;
		at += step;
		bits[at / 64] |= 1ULL << (at % 64);
	}
	return true;
}

static void add_zeros(struct sha256 *s, uint64_t n)
{
	static const uint8_t zeros[256];

	for (; n > sizeof(zeros); n -= sizeof(zeros))
		sha256_add(s, zeros, sizeof(zeros));
	sha256_add(s, zeros, (size_t)n);
}

/* [start, end) of the segment, zeros where is_zero. */
static void add_part(struct note_digest *d, const struct note_segment *s, uint64_t *at,
		     uint64_t end, bool is_zero)
{
	if (end > s->size)
		end = s->size;
	if (end <= *at)
		return;
	if (is_zero)
		add_zeros(&d->sha, end - *at);
	else
		sha256_add(&d->sha, s->bytes + *at, (size_t)(end - *at));
	*at = end;
}

static uint64_t inside(const struct note_segment *s, uint64_t address)
{
	if (address <= s->address)
		return 0;
	return address - s->address < s->size ? address - s->address : s->size;
}

void note_digest_add(struct note_digest *d, const struct note_segment *s)
{
	uint8_t head[16];
	uint64_t at = 0;

	for (int i = 0; i < 8; i++) {
		head[i] = (uint8_t)(s->address >> (8 * i));
		head[8 + i] = (uint8_t)(s->size >> (8 * i));
	}
	sha256_add(&d->sha, head, sizeof(head));
	add_part(d, s, &at, inside(s, d->skip_end), true);
	add_part(d, s, &at, inside(s, d->note_start), false);
	add_part(d, s, &at, inside(s, d->note_end), true);
	add_part(d, s, &at, s->size, false);
}
