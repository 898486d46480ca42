/* SPDX-License-Identifier: Apache-2.0 */
/* scan/elf-note.c - the note that hull-cc has put into a file.
 *
 * What it tells about functions and variables takes the place of a symbol
 * table that strip(1) has removed: the symbols come without names. A note whose
 * digest is not that of the file's code was made for another file (or the file
 * was patched) and counts for nothing. */
#include "scan/elf-priv.h"

#include "base/err.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum { HEAD = 4096 };

void elf_find_carried(struct elf *f, const uint8_t *notes, uint64_t n, uint64_t offset,
		      uint64_t address)
{
	const uint8_t *desc;
	size_t size;

	if (f->carried.desc || !note_find(notes, n, &desc, &size))
		return;
	f->carried.desc = desc;
	f->carried.size = size;
	f->carried.offset = offset + (uint64_t)(desc - notes);
	f->carried.address = address ? address + (uint64_t)(desc - notes) : 0;
}

void elf_digest(const struct elf *f, uint8_t digest[SHA256_SIZE])
{
	struct note_digest d = {
		.skip_end = f->base + HEAD,
		.note_start = f->carried.address,
		.note_end = f->carried.address ? f->carried.address + f->carried.size : 0,
	};

	/* A program so small that its code is in the first page. */
	if (f->entry > f->base && f->entry < d.skip_end)
		d.skip_end = f->entry;
	sha256_init(&d.sha);
	for (size_t i = 0; i < f->n_segs; i++) {
		const struct elf_seg *s = &f->segs[i];

		if (s->is_exec)
			note_digest_add(&d, &(struct note_segment){
				s->start, s->file_end - s->start, s->bytes });
	}
	sha256_end(&d.sha, digest);
}

static int read_symbols(struct elf *f, const struct note_record *r, struct err *e)
{
	const uint8_t *at = r->bytes, *end = at + r->size;
	/* Each takes at least two bytes. */
	size_t room = r->size / 2 + 1, n = 0;
	struct elf_sym *v = arena_array(&f->arena, room, sizeof(*v));
	uint64_t address = f->base, step, size;

	if (!v)
		return err_set(e, -ENOMEM, "read the note");
	while (at < end && n < room && note_number(&at, end, &step) &&
	       note_number(&at, end, &size)) {
		address += step;
		v[n++] = (struct elf_sym){
			.name = "", .value = address, .size = size >> 1, .section = SHN_ABS,
			.type = size & 1 ? STT_FUNC : STT_OBJECT, .bind = STB_LOCAL,
		};
	}
	if (at < end) {
		f->carried.is_good = false;
		f->carried.is_stale = true;
		return 0;
	}
	f->syms = v;
	f->n_syms = n;
	return 0;
}

int elf_read_carried(struct elf *f, struct err *e)
{
	struct elf_carried *c = &f->carried;
	struct note_record r = { 0 };
	uint8_t digest[SHA256_SIZE];
	int ret = 0;

	if (!c->desc)
		return 0;
	if (!note_open(c->desc, c->size, &c->note)) {
		c->is_stale = true;
		return 0;
	}
	if (!c->note.size)
		return 0;
	elf_digest(f, digest);
	c->is_good = memcmp(digest, c->note.digest, SHA256_SIZE) == 0;
	c->is_stale = !c->is_good;
	while (ret == 0 && c->is_good && note_next(&c->note, &r)) {
		if (r.kind == NOTE_SYMBOLS && !f->n_syms)
			ret = read_symbols(f, &r, e);
	}
	return ret;
}
