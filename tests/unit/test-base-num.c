/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "tap.h"

#include <errno.h>

static void only_whole_numbers_pass(void)
{
	static const char *const bad[] = { "",   " 1",  "1 ",  "+1", "-1",
					   "1x", "0x1", "1.0", "1:", ":1" };
	uint32_t n = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(num_u32(bad[i], &n), -EINVAL);
	CHECK_INT(n, 7);
	CHECK_INT(num_u32("4294967295", &n), 0);
	CHECK_INT(n, 4294967295U);
	CHECK_INT(num_u32("4294967296", &n), -ERANGE);
	CHECK_INT(num_u32("99999999999999999999999", &n), -ERANGE);
}

static void signed_numbers_reach_both_ends(void)
{
	int64_t n = 0;

	CHECK_INT(num_i64("-9223372036854775808", &n), 0);
	CHECK(n == INT64_MIN);
	CHECK_INT(num_i64("9223372036854775807", &n), 0);
	CHECK(n == INT64_MAX);
	CHECK_INT(num_i64("9223372036854775808", &n), -ERANGE);
	CHECK_INT(num_i64("--1", &n), -EINVAL);
	CHECK_INT(num_i64("-", &n), -EINVAL);
}

static void octal_is_octal(void)
{
	uint32_t n = 0;

	CHECK_INT(num_octal("755", 07777, &n), 0);
	CHECK_INT(n, 0755);
	CHECK_INT(num_octal("8", 07777, &n), -EINVAL);
	CHECK_INT(num_octal("17777", 07777, &n), -ERANGE);
}

static void byte_units(void)
{
	uint64_t n = 0;

	CHECK_INT(num_bytes("64k", &n), 0);
	CHECK_INT(n, 65536);
	CHECK_INT(num_bytes("1GB", &n), 0);
	CHECK_INT(n, 1 << 30);
	CHECK_INT(num_bytes("12", &n), 0);
	CHECK_INT(n, 12);
	CHECK_INT(num_bytes("1x", &n), -EINVAL);
	CHECK_INT(num_bytes("1kk", &n), -EINVAL);
	CHECK_INT(num_bytes("99999999999g", &n), -ERANGE);
}

static void lists(void)
{
	unsigned long bits[128 / 8 / sizeof(long)];

	CHECK_INT(num_list("0-2,65,127", bits, 128), 0);
	CHECK_INT(bits[0], 7);
	CHECK(bits[1] == (1UL << 1 | 1UL << 63));
	CHECK_INT(num_list("5", bits, 128), 0);
	CHECK_INT(bits[0], 32);
	CHECK_INT(num_list("128", bits, 128), -ERANGE);
	CHECK_INT(num_list("0-4294967295", bits, 128), -ERANGE);
	CHECK_INT(num_list("", bits, 128), -EINVAL);
	CHECK_INT(num_list("1,", bits, 128), -EINVAL);
	CHECK_INT(num_list(",1", bits, 128), -EINVAL);
	CHECK_INT(num_list("3-1", bits, 128), -EINVAL);
	CHECK_INT(num_list("1-2-3", bits, 128), -EINVAL);
	CHECK_INT(num_list("-1", bits, 128), -EINVAL);
	CHECK_INT(num_list("1 ,2", bits, 128), -EINVAL);
}

int main(void)
{
	TEST(only_whole_numbers_pass);
	TEST(signed_numbers_reach_both_ends);
	TEST(octal_is_octal);
	TEST(byte_units);
	TEST(lists);
	return tap_end();
}
