/* SPDX-License-Identifier: Apache-2.0 */
/* image/digest.h - the names of an image's parts: SHA-256 of their bytes.
 *
 * OCI image specification 1.1, "Digests". sha512, which it also registers, is
 * refused by name: no registry or builder makes it. The arithmetic is OpenSSL's,
 * which uses the processor's instructions for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum { DIGEST_SIZE = 32, DIGEST_TEXT = 72, DIGEST_HEX = 65 };

struct digest {
	uint8_t b[DIGEST_SIZE];
};

/* "sha256:" and 64 small hexadecimal digits; anything else is -EINVAL. */
int digest_parse(const char *text, struct digest *ret, struct err *e);
/* "sha256:HEX"; returns `text`. */
const char *digest_text(const struct digest *d, char text[DIGEST_TEXT]);
/* HEX alone: the name of a file. */
const char *digest_hex(const struct digest *d, char hex[DIGEST_HEX]);
bool digest_equal(const struct digest *a, const struct digest *b);

/* A digest being made. */
struct hasher {
	void *ctx; /* EVP_MD_CTX, owned; NULL when empty */
};
int hasher_init(struct hasher *h, struct err *e);
void hasher_add(struct hasher *h, const void *bytes, size_t n);
/* The digest of what was added; `h` begins anew. */
void hasher_end(struct hasher *h, struct digest *ret);
void hasher_done(struct hasher *h);
#define auto_hasher __attribute__((cleanup(hasher_done)))

int digest_of(const void *bytes, size_t n, struct digest *ret, struct err *e);
/* Of an open file, from its start; the offset moves. */
int digest_of_fd(int fd, struct digest *ret, uint64_t *ret_size, struct err *e);
