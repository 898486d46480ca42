/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "tap.h"

#include <errno.h>

static int n_of(const char *s, uint8_t *out, size_t max)
{
	size_t n = 99;
	int r = base64_decode(s, out, max, &n);

	return r < 0 ? r : (int)n;
}

/* RFC 4648, section 10. */
static void the_vectors_of_the_rfc(void)
{
	static const struct {
		const char *in, *out;
	} v[] = { { "", "" },		  { "Zg==", "f" },	 { "Zm8=", "fo" },
		  { "Zm9v", "foo" },	  { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
		  { "Zm9vYmFy", "foobar" } };
	uint8_t out[16];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		CHECK_INT(n_of(v[i].in, out, sizeof(out)), strlen(v[i].out));
		CHECK(memcmp(out, v[i].out, strlen(v[i].out)) == 0);
	}
}

static void all_letters_and_blanks(void)
{
	uint8_t out[48];

	CHECK_INT(n_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef\nghijklmnopqrstuvwxyz0123456789+/ ",
		       out, sizeof(out)),
		  48);
	CHECK_INT(out[0], 0x00);
	CHECK_INT(out[1], 0x10);
	CHECK_INT(out[47], 0xbf);
}

static void what_is_none_is_refused(void)
{
	static const char *const bad[] = { "Z",     "Zg",    "Zm9",   "Zg=",   "=",
					   "====",  "Z===",  "Zg==Zg", "Zm9v=", "Zm9v====",
					   "Zm-v",  "Zm9v\x80", "Zh==", "Zm9=" };
	uint8_t out[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(n_of(bad[i], out, sizeof(out)), -EINVAL);
	CHECK_INT(n_of("Zm9vYmFy", out, 5), -E2BIG);
	CHECK_INT(n_of("Zm9vYmFy", out, 6), 6);
}

int main(void)
{
	TEST(the_vectors_of_the_rfc);
	TEST(all_letters_and_blanks);
	TEST(what_is_none_is_refused);
	return tap_end();
}
