/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/tap.h - the whole of our unit test framework: TAP on stdout.
 *
 * static void numbers(void) { CHECK(1 + 1 == 2); CHECK_STR(name, "x"); }
 * int main(void) { TEST(numbers); return tap_end(); }
 *
 * A test is one function; its first failing CHECK ends it, and so does
 * SKIP("what is missing"). */
#pragma once

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;
static jmp_buf tap_out;
static const char *tap_missing;

#define SKIP(what)                                                             \
	do {                                                                   \
		tap_missing = (what);                                          \
		longjmp(tap_out, 2);                                           \
	} while (0)

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x)) {                                                    \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #x);       \
			longjmp(tap_out, 1);                                   \
		}                                                              \
	} while (0)

#define CHECK_INT(a, b)                                                        \
	do {                                                                   \
		long long a_ = (long long)(a), b_ = (long long)(b);            \
		if (a_ != b_) {                                                \
			printf("# %s:%d: %s is %lld, wanted %lld\n", __FILE__, \
			       __LINE__, #a, a_, b_);                          \
			longjmp(tap_out, 1);                                   \
		}                                                              \
	} while (0)

#define CHECK_STR(a, b)                                                        \
	do {                                                                   \
		const char *a_ = (a), *b_ = (b);                               \
		if (!a_ || strcmp(a_, b_) != 0) {                              \
			printf("# %s:%d: %s is \"%s\", wanted \"%s\"\n",       \
			       __FILE__, __LINE__, #a, a_ ? a_ : "(null)",     \
			       b_);                                            \
			longjmp(tap_out, 1);                                   \
		}                                                              \
	} while (0)

#define TEST(name) tap_run(#name, name)

static inline void tap_run(const char *name, void (*test)(void))
{
	volatile int bad = setjmp(tap_out);

	if (!bad)
		test();
	tap_count++;
	tap_failed += bad == 1;
	printf("%sok %d - %s%s%s\n", bad == 1 ? "not " : "", tap_count, name,
	       bad == 2 ? " # SKIP " : "", bad == 2 ? tap_missing : "");
	fflush(stdout);
}

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
