/* SPDX-License-Identifier: Apache-2.0 */
/* Notes from anywhere: the bytes of a PT_NOTE segment, and those of a note. */
#include "note/note.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint64_t look(const uint8_t *desc, size_t size)
{
	uint64_t bits[NOTE_CALLS / 64], sum = 0, v;
	struct note_record r = { 0 };
	const uint8_t *rest, *at;
	const char *text;
	struct note note;
	size_t k;

	if (!note_open(desc, size, &note))
		return 0;
	while (note_next(&note, &r)) {
		if (note_text(&r, &text, &k) && k)
			sum += (uint8_t)text[k - 1];
		if (note_split(&r, &text, &rest, &k) && note_calls(rest, k, bits))
			sum += bits[15] + strlen(text);
		for (at = r.bytes; note_number(&at, r.bytes + r.size, &v);)
			sum += v;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const uint8_t *desc;
	uint64_t sum = look(bytes, n);
	size_t size;

	if (note_find(bytes, n, &desc, &size))
		sum += look(desc, size);
	return (int)(sum & 0);
}
