/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of digests, right and wrong, and SHA-256 of a file. */
#include "image/digest.h"
#include "base/err.h"
#include "base/scope.h"
#include "tap.h"

#include <sys/mman.h>

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void texts(void)
{
	struct digest d;
	char text[DIGEST_TEXT], hex[DIGEST_HEX];

	CHECK_INT(digest_of("abc", 3, &d, NULL), 0);
	CHECK_STR(digest_text(&d, text), ABC);
	CHECK_STR(digest_hex(&d, hex), &ABC[7]);
	CHECK_INT(digest_parse(ABC, &d, NULL), 0);
	CHECK_STR(digest_text(&d, text), ABC);
}

static void refused(void)
{
	static const char *const bad[] = {
		"", "sha256", "sha256:", "sha256:ba78", ABC "0", "sha256:../../../etc/passwd",
		"SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a/",
	};
	struct digest d;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(digest_parse(bad[i], &d, &e), -EINVAL);
	CHECK_INT(digest_parse("sha512:00", &d, &e), -EINVAL);
	CHECK(strstr(e.text, "sha512 is not supported"));
}

static void files(void)
{
	auto_fd int fd = memfd_create("digest", MFD_CLOEXEC);
	char text[DIGEST_TEXT];
	struct digest d;
	uint64_t n = 0;

	CHECK_INT(write(fd, "abc", 3), 3);
	CHECK_INT(digest_of_fd(fd, &d, &n, NULL), 0);
	CHECK_STR(digest_text(&d, text), ABC);
	CHECK_INT(n, 3);
}

int main(void)
{
	TEST(texts);
	TEST(refused);
	TEST(files);
	return tap_end();
}
