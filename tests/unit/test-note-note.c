/* SPDX-License-Identifier: Apache-2.0 */
/* What is written can be read; what is damaged is not, at every byte. */
#include "note/write.h"
#include "tap.h"

static struct note_writer w;
static const uint8_t digest[SHA256_SIZE] = { 1, 2, 3 };

static void make(void)
{
	uint64_t bits[NOTE_CALLS / 64] = { 1 | 1ULL << 59, 0, 0, 0, 0, 0, 0, 1ULL << 14 };

	bits[15] = 1ULL << 63;
	note_put_text(&w, NOTE_TOOL, "test");
	note_begin(&w, NOTE_SET);
	note_put(&w, "main", 5);
	note_put_calls(&w, bits);
	note_end(&w);
	note_begin(&w, NOTE_SYMBOLS);
	note_put_number(&w, UINT64_MAX);
	note_put_number(&w, 127);
	note_put_number(&w, 128);
	note_end(&w);
	CHECK_INT(note_finish(&w, digest), 0);
}

static void reads_what_it_writes(void)
{
	struct note n;
	struct note_record r = { 0 };
	uint64_t bits[NOTE_CALLS / 64], v;
	const uint8_t *rest, *at;
	const char *text;
	size_t size;

	CHECK(note_open(w.bytes, w.n, &n));
	CHECK(n.soundness == NOTE_SOUNDNESS && memcmp(n.digest, digest, SHA256_SIZE) == 0);
	CHECK(note_next(&n, &r) && r.kind == NOTE_TOOL && note_text(&r, &text, &size));
	CHECK(size == 4 && memcmp(text, "test", 4) == 0);
	CHECK(note_next(&n, &r) && r.kind == NOTE_SET && note_split(&r, &text, &rest, &size));
	CHECK_STR(text, "main");
	CHECK(note_calls(rest, size, bits));
	CHECK(bits[0] == (1 | 1ULL << 59) && bits[7] == 1ULL << 14 && bits[15] == 1ULL << 63);
	CHECK(note_next(&n, &r) && r.kind == NOTE_SYMBOLS);
	at = r.bytes;
	CHECK(note_number(&at, r.bytes + r.size, &v) && v == UINT64_MAX);
	CHECK(note_number(&at, r.bytes + r.size, &v) && v == 127);
	CHECK(note_number(&at, r.bytes + r.size, &v) && v == 128);
	CHECK(!note_number(&at, r.bytes + r.size, &v));
	CHECK(!note_next(&n, &r));
}

/* Cut anywhere: nothing behind the cut is given out. */
static void is_cut(void)
{
	for (size_t k = 0; k < w.n; k++) {
		uint8_t *copy = malloc(k ? k : 1);
		struct note n;

		memcpy(copy, w.bytes, k);
		CHECK(!note_open(copy, k, &n));
		free(copy);
	}
}

static void numbers_out_of_range(void)
{
	static const uint8_t long_one[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					    0x80, 0x80, 0x80, 0x80, 0x01 };
	static const uint8_t too_big[] = { 0xff, 0xff, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0x02 };
	static const uint8_t too_far[] = { 0xff, 0x07, 0x01 };
	uint64_t bits[NOTE_CALLS / 64], v;
	const uint8_t *at = long_one;

	CHECK(!note_number(&at, long_one + sizeof(long_one), &v));
	at = too_big;
	CHECK(!note_number(&at, too_big + sizeof(too_big), &v));
	CHECK(note_calls(too_far, 2, bits) && bits[15] == 1ULL << 63);
	CHECK(!note_calls(too_far, 3, bits));
}

/* ELF notes before ours; names and sizes that lie. */
static void is_found(void)
{
	uint8_t notes[64 + 64] = { 4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0,
				   'G', 'N', 'U', 0, 9, 9, 9, 0 };
	const uint8_t ours[] = { 5, 0, 0, 0, 6, 0, 0, 0, NOTE_TYPE, 0, 0, 0,
				 'h', 'u', 'l', 'l', 0, 0, 0, 0, 1, 2, 3, 4, 5, 6 };
	const uint8_t *desc;
	size_t size;

	memcpy(notes + 20, ours, sizeof(ours));
	CHECK(note_find(notes, 20 + sizeof(ours), &desc, &size));
	CHECK(desc == notes + 40 && size == 6);
	CHECK(!note_find(notes, 20 + sizeof(ours) - 1, &desc, &size));
	notes[4] = 200;
	CHECK(!note_find(notes, sizeof(notes), &desc, &size));
	notes[4] = 3;
	memset(notes, 0xff, 8);
	CHECK(!note_find(notes, sizeof(notes), &desc, &size));
}

/* The parts that strip(1) and the note change do not count; all others do. */
static void digests(void)
{
	static uint8_t code[10000];
	uint8_t one[SHA256_SIZE], two[SHA256_SIZE];

	for (size_t i = 0; i <= sizeof(code); i += i < 990 || i > 1020 ? 97 : 1) {
		struct note_segment s = { 0x1000, sizeof(code), code };
		struct note_digest d = { .skip_end = 0x1000 + 1000, .note_start = 0x1000 + 5000,
					 .note_end = 0x1000 + 6000 };
		bool is_free = i < 1000 || (i >= 5000 && i < 6000);

		memset(code, 0, sizeof(code));
		if (i < sizeof(code))
			code[i] = 1;
		sha256_init(&d.sha);
		note_digest_add(&d, &s);
		sha256_end(&d.sha, i == 0 ? one : two);
		if (i && i < sizeof(code))
			CHECK((memcmp(one, two, SHA256_SIZE) == 0) == is_free);
	}
}

int main(void)
{
	TEST(make);
	TEST(reads_what_it_writes);
	TEST(is_cut);
	TEST(numbers_out_of_range);
	TEST(is_found);
	TEST(digests);
	note_done(&w);
	return tap_end();
}
