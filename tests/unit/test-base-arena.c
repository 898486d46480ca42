/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "tap.h"

#include <stdint.h>

static void memory_is_zeroed_and_aligned(void)
{
	struct arena a;

	arena_init(&a);
	for (size_t size = 1; size < 40000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(&a, size);

		CHECK(p);
		CHECK_INT((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			CHECK_INT(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_done(&a);
}

static void strings_are_copied(void)
{
	struct arena a;
	char buf[] = "hull";

	arena_init(&a);
	const char *copy = arena_dup(&a, buf);
	const char *part = arena_dup_n(&a, buf, 2);
	const char *join = arena_join(&a, "a/", buf, 3);
	const char *made = arena_printf(&a, "%s-%d", buf, 7);

	buf[0] = 'X';
	CHECK_STR(copy, "hull");
	CHECK_STR(part, "hu");
	CHECK_STR(join, "a/hul");
	CHECK_STR(made, "hull-7");
	arena_done(&a);
}

static void sizes_that_overflow_are_refused(void)
{
	struct arena a;

	arena_init(&a);
	CHECK(!arena_alloc(&a, SIZE_MAX));
	CHECK(!arena_array(&a, SIZE_MAX / 2, 3));
	CHECK(!arena_dup_n(&a, "", SIZE_MAX));
	CHECK(!arena_join(&a, "a", "", SIZE_MAX));
	CHECK(arena_alloc(&a, 1));
	arena_done(&a);
}

int main(void)
{
	TEST(memory_is_zeroed_and_aligned);
	TEST(strings_are_copied);
	TEST(sizes_that_overflow_are_refused);
	return tap_end();
}
