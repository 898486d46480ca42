/* SPDX-License-Identifier: Apache-2.0 */
/* FIPS 180-4's examples, and every way of cutting the input into pieces. */
#include "base/sha256.h"
#include "tap.h"

static const char *hex(const void *bytes, size_t n, size_t piece, char *out)
{
	struct sha256 s;
	uint8_t d[SHA256_SIZE];

	sha256_init(&s);
	for (size_t i = 0; i < n; i += piece)
		sha256_add(&s, (const char *)bytes + i, n - i < piece ? n - i : piece);
	sha256_end(&s, d);
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
	return out;
}

static char a[1000000], one[65], two[65];

static void examples(void)
{
	CHECK_STR(hex("", 0, 1, one),
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(hex("abc", 3, 3, one),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 56, one),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* In one piece by the processor's instructions, in small ones without. */
static void a_million(void)
{
	memset(a, 'a', sizeof(a));
	CHECK_STR(hex(a, sizeof(a), sizeof(a), one),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	CHECK_STR(hex(a, sizeof(a), 63, one),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void pieces(void)
{
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (char)(i * 7 + i / 251);
	for (size_t n = 0; n < 300; n++) {
		hex(a, n, 1, one);
		for (size_t piece = 2; piece < 200; piece += 13)
			CHECK_STR(hex(a, n, piece, two), one);
	}
}

int main(void)
{
	TEST(examples);
	TEST(a_million);
	TEST(pieces);
	return tap_end();
}
