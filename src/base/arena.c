/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.c - memory that is freed all at once. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Only what is used of a block becomes memory, and each new one is a system
 * call and three page faults: one block is enough for a container. */
enum { BLOCK_SIZE = 512 * 1024, ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of all of it */
	_Alignas(ALIGN) char bytes[];
};

/* Straight from the kernel: malloc() would keep books of its own, in further
 * system calls and pages. AddressSanitizer finds leaks of malloc() only. */
#ifdef __SANITIZE_ADDRESS__
#define USE_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define USE_MALLOC 1
#endif
#endif

static void *get(size_t size)
{
#ifdef USE_MALLOC
	return calloc(1, size);
#else
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
#endif
}

static void give_back(struct arena_block *b)
{
#ifdef USE_MALLOC
	free(b);
#else
	munmap(b, b->size);
#endif
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		give_back(b);
	}
	*a = (struct arena){ 0 };
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
	struct arena_block *b = get(sizeof(*b) + size);

	if (b) {
		b->size = sizeof(*b) + size;
		b->older = a->blocks;
		a->blocks = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b;
	char *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size > BLOCK_SIZE / 4) {
		/* A block of its own: what is left in the current one stays
		 * in use. */
		b = block_new(a, size);
		return b ? b->bytes : NULL;
	}
	if (size > a->left) {
		b = block_new(a, BLOCK_SIZE);
		if (!b)
			return NULL;
		a->next = b->bytes;
		a->left = BLOCK_SIZE;
	}
	p = a->next;
	a->next += size;
	a->left -= size;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return arena_alloc(a, bytes);
}

char *arena_dup_n(struct arena *a, const char *s, size_t n)
{
	char *p = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

	if (p)
		memcpy(p, s, n);
	return p;
}

char *arena_dup(struct arena *a, const char *s)
{
	return arena_dup_n(a, s, strlen(s));
}

char *arena_join(struct arena *a, const char *head, const char *s, size_t n)
{
	size_t len = strlen(head);
	char *p = n < SIZE_MAX - len ? arena_alloc(a, len + n + 1) : NULL;

	if (p) {
		memcpy(p, head, len);
		memcpy(p + len, s, n);
	}
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}
