/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/protobuf.h"

#include "base/arena.h"
#include "tap.h"

#include <errno.h>

static struct arena arena;

static struct pb_in in_of(const struct pb_out *o)
{
	return (struct pb_in){ o->bytes, o->n };
}

/* The examples of protobuf.dev, "Encoding". */
static void writes_as_the_format_says(void)
{
	static const unsigned char num[] = { 0x08, 0x96, 0x01 };
	static const unsigned char str[] = { 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g' };
	static const unsigned char msg[] = { 0x1a, 0x03, 0x08, 0x96, 0x01 };
	static const unsigned char minus_two[] = { 0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
						   0xff, 0xff, 0x01 };
	struct pb_out a = { .arena = &arena }, b = a, c = a, d = a;

	pb_put_num(&a, 1, 150);
	CHECK(a.n == sizeof(num) && memcmp(a.bytes, num, a.n) == 0);
	pb_put_text(&b, 2, "test%s", "ing");
	CHECK(b.n == sizeof(str) && memcmp(b.bytes, str, b.n) == 0);
	pb_put_msg(&c, 3, &a);
	CHECK(c.n == sizeof(msg) && memcmp(c.bytes, msg, c.n) == 0);
	pb_put_num(&d, 1, -2);
	CHECK(d.n == sizeof(minus_two) && memcmp(d.bytes, minus_two, d.n) == 0);
}

static void reads_what_it_wrote(void)
{
	char big[5000];
	struct pb_out o = { .arena = &arena };
	struct pb_field f;
	struct pb_in in;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	pb_put_num(&o, 1, 0);
	pb_put_str(&o, 2, big);
	pb_put_str(&o, 3, NULL);
	pb_put_num(&o, 63, -1);
	pb_put_num(&o, 536870911, 1);
	CHECK(!o.is_full);
	in = in_of(&o);
	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 1 && f.is_num && f.num == 0);
	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 2 && !f.is_num && f.n == sizeof(big) - 1 && f.data[4998] == 'x');
	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 63 && f.num == UINT64_MAX);
	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 536870911 && f.num == 1);
	CHECK_INT(pb_next(&in, &f), 0);
}

static void what_is_too_long_is_said(void)
{
	char big[5000];
	struct pb_out o = { .arena = &arena }, outer = o;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	pb_put_text(&o, 1, "%s", big);
	CHECK(o.is_full);
	pb_put_msg(&outer, 1, &o);
	CHECK(outer.is_full);
}

static void no_messages_are_refused(void)
{
	static const struct {
		unsigned char bytes[12];
		size_t n;
	} bad[] = {
		{ { 0x08 }, 1 },             /* no value */
		{ { 0x08, 0x80 }, 2 },       /* half a number */
		{ { 0x12, 0x05, 'a' }, 3 },  /* five bytes, one there */
		{ { 0x12 }, 1 },             /* no length */
		{ { 0x00, 0x00 }, 2 },       /* field 0 */
		{ { 0x0b, 0x0c }, 2 },       /* a group */
		{ { 0x0d, 1, 2, 3 }, 4 },    /* three of four bytes */
		{ { 0x09, 1, 2, 3 }, 4 },    /* three of eight */
		{ { 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2 }, 11 },
		{ { 0x12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 }, 11 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pb_in in = { bad[i].bytes, bad[i].n };
		struct pb_field f;

		CHECK_INT(pb_next(&in, &f), -EBADMSG);
	}
}

static void fixed_numbers_are_read(void)
{
	static const unsigned char bytes[] = { 0x0d, 1, 0, 0, 0x80, 0x11, 2, 0, 0, 0, 0, 0, 0, 0 };
	struct pb_in in = { bytes, sizeof(bytes) };
	struct pb_field f;

	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 1 && f.is_num && f.num == 0x80000001);
	CHECK_INT(pb_next(&in, &f), 1);
	CHECK(f.field == 2 && f.is_num && f.num == 2);
	CHECK_INT(pb_next(&in, &f), 0);
}

int main(void)
{
	arena_init(&arena);
	TEST(writes_as_the_format_says);
	TEST(reads_what_it_wrote);
	TEST(what_is_too_long_is_said);
	TEST(no_messages_are_refused);
	TEST(fixed_numbers_are_read);
	arena_done(&arena);
	return tap_end();
}
