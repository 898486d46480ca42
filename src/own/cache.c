/* SPDX-License-Identifier: Apache-2.0 */
/* own/cache.c - answers from before.
 *
 * A file an answer, in the folder of sys/cache.h: first the lines of what was
 * looked at, an empty line, the policy. Its name is the digest of what was asked:
 * the program's path and which hull-scan answered. Only files count that are ours
 * and that nobody else can write. */
#include "own/own-priv.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/sha256.h"
#include "note/note.h"
#include "sys/cache.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRY_MAX = 16 << 20 };

int cache_open(void)
{
	return sys_cache_open();
}

static bool name_of(const char *scanner, const char *program,
		    char name[2 * SHA256_SIZE + 1])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 s;
	struct stat st;
	char text[256];
	int n;

	if (stat(scanner, &st) < 0)
		return false;
	n = snprintf(text, sizeof(text), "own 1 %d %lu %lu %ld %ld ",
		     NOTE_SOUNDNESS, (unsigned long)st.st_ino,
		     (unsigned long)st.st_size, (long)st.st_ctim.tv_sec,
		     (long)st.st_ctim.tv_nsec);
	sha256_init(&s);
	sha256_add(&s, text, (size_t)n);
	sha256_add(&s, program, strlen(program));
	sha256_end(&s, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
	return true;
}

bool cache_get(int dir_fd, const char *scanner, int root_fd, const char *program,
	       struct arena *a, struct answer *ret)
{
	char name[2 * SHA256_SIZE + 1], *text, *gap;
	auto_fd int fd = -EBADF;
	struct stat st;
	ssize_t n;

	if (!name_of(scanner, program, name))
		return false;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !sys_is_ours(fd, S_IFREG) || fstat(fd, &st) < 0 ||
	    st.st_size > ENTRY_MAX)
		return false;
	text = arena_alloc(a, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return false;
	text[n] = '\0';
	gap = strstr(text, "\n\n");
	if (!gap)
		return false;
	*ret = (struct answer){ .seen = text,
				.seen_n = (size_t)(gap - text) + 1,
				.policy = gap + 2,
				.policy_n = (size_t)(text + n - gap) - 2,
				.words = "" };
	return seen_holds(ret->seen, ret->seen_n, root_fd);
}

/* Whole or not at all: a file without a name gets one at the end. */
void cache_put(int dir_fd, const char *scanner, const char *program,
	       const struct answer *v)
{
	char name[2 * SHA256_SIZE + 1], temp[96];
	auto_fd int fd = -EBADF;

	if (!name_of(scanner, program, name))
		return;
	snprintf(temp, sizeof(temp), ".new-%d-%.16s", (int)getpid(), name);
	fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return;
	if (sys_write_all(fd, v->seen, v->seen_n) < 0 ||
	    sys_write_all(fd, "\n", 1) < 0 ||
	    sys_write_all(fd, v->policy, v->policy_n) < 0 ||
	    renameat(dir_fd, temp, dir_fd, name) < 0)
		(void)unlinkat(dir_fd, temp, 0);
}
