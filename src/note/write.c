/* SPDX-License-Identifier: Apache-2.0 */
/* note/write.c - making a note's content. */
#include "note/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void note_done(struct note_writer *w)
{
	free(w->bytes);
	*w = (struct note_writer){ 0 };
}

static bool make_room(struct note_writer *w, size_t n)
{
	size_t room = w->room ? w->room : 4096;
	uint8_t *p;

	if (w->is_lost || n > NOTE_MAX || w->n + n > NOTE_MAX) {
		w->is_lost = true;
		return false;
	}
	while (room < w->n + n)
		room *= 2;
	if (room > w->room) {
		p = realloc(w->bytes, room);
		if (!p) {
			w->is_lost = true;
			return false;
		}
		w->bytes = p;
		w->room = room;
	}
	return true;
}

void note_put(struct note_writer *w, const void *bytes, size_t n)
{
	if (w->n == 0 && make_room(w, NOTE_HEADER)) {
		memset(w->bytes, 0, NOTE_HEADER);
		w->n = NOTE_HEADER;
	}
	if (n && make_room(w, n)) {
		memcpy(w->bytes + w->n, bytes, n);
		w->n += n;
	}
}

static void set(uint8_t *p, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void note_begin(struct note_writer *w, enum note_kind kind)
{
	uint8_t head[8] = { 0 };

	set(head, kind, 4);
	note_put(w, head, sizeof(head));
	w->record = w->n;
}

void note_end(struct note_writer *w)
{
	if (!w->is_lost)
		set(w->bytes + w->record - 4, (uint32_t)(w->n - w->record), 4);
}

void note_put_number(struct note_writer *w, uint64_t n)
{
	uint8_t group[10];
	size_t k = 0;

	do {
		group[k++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
		n >>= 7;
	} while (n);
	note_put(w, group, k);
}

void note_put_calls(struct note_writer *w, const uint64_t bits[NOTE_CALLS / 64])
{
	uint64_t last = 0;

	for (uint64_t i = 0; i < NOTE_CALLS; i++) {
		if (!(bits[i / 64] >> (i % 64) & 1))
			continue;
		note_put_number(w, i - last);
		last = i;
	}
}

void note_put_text(struct note_writer *w, enum note_kind kind, const char *text)
{
	note_begin(w, kind);
	note_put(w, text, strlen(text));
	note_end(w);
}

int note_finish(struct note_writer *w, const uint8_t digest[SHA256_SIZE])
{
	note_put(w, "", 0);
	if (w->is_lost)
		return -ENOMEM;
	memcpy(w->bytes, NOTE_OWNER, 4);
	set(w->bytes + 4, NOTE_FORMAT, 2);
	set(w->bytes + 6, NOTE_SOUNDNESS, 2);
	memcpy(w->bytes + 8, digest, SHA256_SIZE);
	set(w->bytes + 40, (uint32_t)(w->n - NOTE_HEADER), 4);
	return 0;
}
