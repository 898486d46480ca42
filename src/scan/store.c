/* SPDX-License-Identifier: Apache-2.0 */
/* scan/store.c - summaries of objects, kept from one analysis to the next.
 *
 * Theory of operation
 * -------------------
 * Two kinds of files in one folder, named by digests:
 *   s<digest>  a summary (scan/summary.h), by the SHA-256 of all bytes of the
 *              object that are looked at
 *   q<digest>  the quick look: that SHA-256, by which file it was (mount, inode,
 *              size, times), so that nothing has to be hashed
 * Every name is mixed with the build ids of the running program and its libraries:
 * another analyser has other names, and nothing is ever made again in place.
 *
 *  S1  Only a folder and files of ours count that nobody else can write. So
 *      nobody but us can plant a summary; a build id alone names nothing, for
 *      anybody can write one into a file.
 *  S2  A quick look counts only between two boots, on a mount whose number the
 *      kernel does not give out again (Linux 6.8), for a file that has not
 *      changed for two seconds and did not while it was read. Who can forge the
 *      times of a mounted file system can so only fool himself: about files that
 *      he can change anyway.
 *  S3  Files appear whole, by rename. Readers check what they read and take
 *      anything strange as not there.
 *  S4  The folder does not grow beyond LIMIT_BYTES for long: who has written cleans
 *      up behind, the longest unused first. */
#include "scan/store.h"

#include "base/scope.h"
#include "base/sha256.h"
#include "note/note.h"
#include "scan/summary.h"
#include "sys/cache.h"
#include "sys/file.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LIMIT_BYTES ((uint64_t)512 << 20)

enum {
	WORTH = 32 * 1024, /* bytes of code: less is read as fast as looked up */
	SUMMARY_MAX = 1 << 30,
	FILES_MAX = 20000,
	NAME_SIZE = 2 * SHA256_SIZE + 2,
	TEMP_AGE_S = 3600,
};

struct store {
	int dir_fd;
	uint8_t version[SHA256_SIZE];
	char boot[64]; /* "": not known, no quick looks */
	bool has_written;
	unsigned n_temps;
};

/* ---- names ---- */

struct versions {
	struct sha256 sum;
	bool is_whole; /* every object has a build id */
};

/* The build id of one object of this process, from its notes. */
static int add_build_id(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct versions *v = ctx;
	bool any = false;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const char *note = (const char *)(uintptr_t)(info->dlpi_addr + p->p_vaddr);
		size_t left = p->p_type == PT_NOTE ? p->p_memsz : 0;

		while (left >= sizeof(ElfW(Nhdr))) {
			ElfW(Nhdr) h;
			size_t desc, next;

			memcpy(&h, note, sizeof(h));
			desc = sizeof(h) + ((h.n_namesz + 3U) & ~3U);
			next = desc + ((h.n_descsz + 3U) & ~3U);
			if (next > left)
				break;
			if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 &&
			    memcmp(note + sizeof(h), "GNU", 4) == 0) {
				sha256_add(&v->sum, note + desc, h.n_descsz);
				any = true;
			}
			note += next;
			left -= next;
		}
	}
	v->is_whole &= any;
	return 0;
}

static bool version_of(uint8_t digest[SHA256_SIZE])
{
	struct versions v = { .is_whole = true };
	const int soundness = NOTE_SOUNDNESS;

	sha256_init(&v.sum);
	sha256_add(&v.sum, &soundness, sizeof(soundness));
	dl_iterate_phdr(add_build_id, &v);
	sha256_end(&v.sum, digest);
	return v.is_whole;
}

static void name_of(const struct store *s, char kind, const void *bytes, size_t n,
		    char name[NAME_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;

	sha256_init(&sum);
	sha256_add(&sum, s->version, sizeof(s->version));
	if (kind == 'q')
		sha256_add(&sum, s->boot, sizeof(s->boot));
	sha256_add(&sum, bytes, n);
	sha256_end(&sum, digest);
	name[0] = kind;
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(name + 1 + 2 * i, 3, "%02x", digest[i]);
}

/* ---- files ---- */

/* The whole of one of our files (S1); NULL: none. */
static void *read_file(const struct store *s, const char *name, size_t *ret_n)
{
	auto_fd int fd = openat(s->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *bytes;
	size_t n = 0;

	if (fd < 0 || !sys_is_ours(fd, S_IFREG) || fstat(fd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size > SUMMARY_MAX)
		return NULL;
	bytes = malloc((size_t)st.st_size);
	while (bytes && n < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (bytes && n == (size_t)st.st_size) {
		*ret_n = n;
		return bytes;
	}
	free(bytes);
	return NULL;
}

/* S3 */
static void write_file(struct store *s, const char *name, const void *bytes, size_t n)
{
	char temp[64];
	auto_fd int fd = -EBADF;

	snprintf(temp, sizeof(temp), ".new-%d-%u", (int)getpid(), s->n_temps++);
	fd = openat(s->dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (sys_write_all(fd, bytes, n) < 0 || renameat(s->dir_fd, temp, s->dir_fd, name) < 0)
		(void)unlinkat(s->dir_fd, temp, 0);
	else
		s->has_written = true;
}

/* ---- cleaning up (S4) ---- */

struct kept {
	char name[NAME_SIZE];
	int64_t used;
	uint64_t size;
};

static int by_use(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->used > y->used) - (x->used < y->used);
}

/* What a killed writer has left behind is one of its own names. */
static void look_at_temp(const struct store *s, const char *name, const struct stat *st)
{
	struct timespec now;

	if (strncmp(name, ".new-", 5) == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    st->st_mtim.tv_sec + TEMP_AGE_S < now.tv_sec)
		(void)unlinkat(s->dir_fd, name, 0);
}

static struct kept *list_files(const struct store *s, DIR *d, size_t *ret_n, uint64_t *ret_bytes)
{
	struct kept *v = calloc(FILES_MAX, sizeof(*v));
	struct dirent *de;
	struct stat st;

	while (v && *ret_n < FILES_MAX && (de = readdir(d))) {
		if (fstatat(s->dir_fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (strlen(de->d_name) != NAME_SIZE - 1 || !strchr("sq", de->d_name[0])) {
			look_at_temp(s, de->d_name, &st);
			continue;
		}
		memcpy(v[*ret_n].name, de->d_name, NAME_SIZE);
		v[*ret_n].used = st.st_atim.tv_sec;
		v[(*ret_n)++].size = (uint64_t)st.st_size;
		*ret_bytes += (uint64_t)st.st_size;
	}
	return v;
}

static void clean_up(const struct store *s)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	uint64_t bytes = 0;
	size_t n = 0;
	struct kept *v;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	v = list_files(s, d, &n, &bytes);
	closedir(d);
	if (v && (bytes > LIMIT_BYTES || n == FILES_MAX)) {
		qsort(v, n, sizeof(*v), by_use);
		for (size_t i = 0; i < n && (bytes > LIMIT_BYTES / 2 || i < n / 2); i++) {
			(void)unlinkat(s->dir_fd, v[i].name, 0);
			bytes -= v[i].size;
		}
	}
	free(v);
}

/* ---- the store ---- */

static int open_folder(const char *path)
{
	auto_fd int top = -EBADF;

	if (path)
		return sys_cache_at(path);
	top = sys_cache_open();
	return top < 0 ? top : sys_cache_sub(top, "scan");
}

struct store *store_open(const char *path)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->dir_fd = open_folder(path);
	if (s->dir_fd < 0 || !version_of(s->version)) {
		if (s->dir_fd >= 0)
			close(s->dir_fd);
		free(s);
		return NULL;
	}
	if (sys_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", s->boot,
			  sizeof(s->boot)) <= 0)
		s->boot[0] = '\0';
	return s;
}

struct store *store_close(struct store *s)
{
	if (s) {
		if (s->has_written)
			clean_up(s);
		close(s->dir_fd);
		free(s);
	}
	return NULL;
}

static bool is_worth(const struct elf *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f->n_segs; i++)
		n += f->segs[i].is_exec ? f->segs[i].file_end - f->segs[i].start : 0;
	return n >= WORTH;
}

/* The digest of the object's bytes: by the quick look, else made. */
static void digest_of(struct store *s, const struct elf *f, uint8_t digest[SHA256_SIZE])
{
	char name[NAME_SIZE];
	auto_free uint8_t *known = NULL;
	size_t n = 0;
	bool is_quick = f->identity.is_known && *s->boot;

	if (is_quick) {
		name_of(s, 'q', &f->identity, sizeof(f->identity), name);
		known = read_file(s, name, &n);
		if (known && n == SHA256_SIZE) {
			memcpy(digest, known, SHA256_SIZE);
			return;
		}
	}
	elf_hash_read(f, digest);
	if (is_quick)
		write_file(s, name, digest, SHA256_SIZE);
}

bool store_get(struct store *s, const struct elf *f, struct code *ret_c)
{
	uint8_t digest[SHA256_SIZE];
	char name[NAME_SIZE];
	void *bytes;
	size_t n;

	if (!s || !is_worth(f))
		return false;
	digest_of(s, f, digest);
	name_of(s, 's', digest, sizeof(digest), name);
	bytes = read_file(s, name, &n);
	return bytes && summary_take(bytes, n, f, ret_c) == 0;
}

void store_put(struct store *s, const struct elf *f, const struct code *c)
{
	uint8_t digest[SHA256_SIZE];
	char name[NAME_SIZE];
	auto_free void *bytes = NULL;
	size_t n;

	if (!s || !is_worth(f))
		return;
	bytes = summary_write(c, &n);
	if (!bytes || n > SUMMARY_MAX)
		return;
	digest_of(s, f, digest);
	name_of(s, 's', digest, sizeof(digest), name);
	write_file(s, name, bytes, n);
}
