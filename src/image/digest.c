/* SPDX-License-Identifier: Apache-2.0 */
/* image/digest.c - SHA-256 and its texts. */
#include "image/digest.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int digest_parse(const char *text, struct digest *ret, struct err *e)
{
	static const char prefix[] = "sha256:";
	struct digest d;
	const char *p = text + sizeof(prefix) - 1;

	if (strncmp(text, "sha512:", 7) == 0)
		return err_input(e, "%.80s: sha512 is not supported, only sha256", text);
	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || strlen(p) != 2 * DIGEST_SIZE)
		return err_input(e, "%.80s: expected sha256: and 64 hexadecimal digits", text);
	for (int i = 0; i < DIGEST_SIZE; i++) {
		int high = hex_value(p[2 * i]), low = hex_value(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return err_input(e, "%.80s: expected 64 hexadecimal digits, 0-9 and a-f", text);
		d.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret = d;
	return 0;
}

const char *digest_hex(const struct digest *d, char hex[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < DIGEST_SIZE; i++) {
		hex[2 * i] = digits[d->b[i] >> 4];
		hex[2 * i + 1] = digits[d->b[i] & 15];
	}
	hex[DIGEST_HEX - 1] = '\0';
	return hex;
}

const char *digest_text(const struct digest *d, char text[DIGEST_TEXT])
{
	memcpy(text, "sha256:", 7);
	digest_hex(d, text + 7);
	return text;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_SIZE) == 0;
}

int hasher_init(struct hasher *h, struct err *e)
{
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
		hasher_done(h);
		return err_set(e, -ENOMEM, "SHA-256");
	}
	return 0;
}

void hasher_add(struct hasher *h, const void *bytes, size_t n)
{
	EVP_DigestUpdate(h->ctx, bytes, n);
}

void hasher_end(struct hasher *h, struct digest *ret)
{
	unsigned n = DIGEST_SIZE;

	EVP_DigestFinal_ex(h->ctx, ret->b, &n);
	EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL);
}

void hasher_done(struct hasher *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

int digest_of(const void *bytes, size_t n, struct digest *ret, struct err *e)
{
	auto_hasher struct hasher h = { NULL };
	int r = hasher_init(&h, e);

	if (r < 0)
		return r;
	hasher_add(&h, bytes, n);
	hasher_end(&h, ret);
	return 0;
}

int digest_of_fd(int fd, struct digest *ret, uint64_t *ret_size, struct err *e)
{
	auto_hasher struct hasher h = { NULL };
	enum { CHUNK = 1 << 17 };
	auto_free char *buf = malloc(CHUNK);
	uint64_t size = 0;
	ssize_t n;
	int r = hasher_init(&h, e);

	if (r < 0)
		return r;
	if (!buf)
		return err_set(e, -ENOMEM, "SHA-256");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read from the start");
	while ((n = read(fd, buf, CHUNK)) > 0) {
		hasher_add(&h, buf, (size_t)n);
		size += (uint64_t)n;
	}
	if (n < 0)
		return err_sys(e, "read");
	hasher_end(&h, ret);
	if (ret_size)
		*ret_size = size;
	return 0;
}
