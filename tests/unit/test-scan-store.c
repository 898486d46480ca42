/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/scope.h"
#include "scan/store.h"
#include "scan/summary.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const objects[] = { "/lib/x86_64-linux-gnu/libc.so.6", "/proc/self/exe",
				       "/lib64/ld-linux-x86-64.so.2", "/usr/bin/perl" };

static struct elf *open_elf(const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf *f = NULL;

	return fd >= 0 && elf_read(fd, &f, NULL) == 0 ? f : NULL;
}

static bool is_same(const struct code *a, const struct code *b)
{
	if (a->base != b->base || a->n_funcs != b->n_funcs || a->n_facts != b->n_facts ||
	    a->n_bad != b->n_bad || a->is_described != b->is_described ||
	    a->n_pages != b->n_pages || a->n_edges != b->n_edges ||
	    memcmp(a->edges, b->edges, a->n_edges * sizeof(*a->edges)) != 0 ||
	    memcmp(a->pages, b->pages, (a->n_pages + 1) * sizeof(*a->pages)) != 0)
		return false;
	for (size_t i = 0; i <= a->n_funcs; i++) {
		const struct func *x = &a->funcs[i], *y = &b->funcs[i];

		if (x->start != y->start || x->end != y->end || x->first_fact != y->first_fact ||
		    x->first_edge != y->first_edge ||
		    x->is_described != y->is_described || x->falls != y->falls ||
		    x->has_landing_pads != y->has_landing_pads || x->is_open != y->is_open)
			return false;
	}
	for (size_t i = 0; i < a->n_facts; i++) {
		const struct fact *x = &a->facts[i], *y = &b->facts[i];

		if (x->at != y->at || x->to != y->to || x->kind != y->kind ||
		    x->length != y->length)
			return false;
	}
	return true;
}

/* From a copy, which is consumed. */
static int read_copy(const uint8_t *bytes, size_t n, const struct elf *f, struct code *ret_c)
{
	uint8_t *copy = malloc(n + 1);

	CHECK(copy);
	memcpy(copy, bytes, n);
	return summary_take(copy, n, f, ret_c);
}

static void what_was_written_is_read(void)
{
	size_t n_read = 0;

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		struct elf *f = open_elf(objects[i]);
		struct code c, d;
		auto_free uint8_t *bytes = NULL;
		size_t n = 0;

		if (!f)
			continue;
		n_read++;
		CHECK(code_read(f, NULL, 0, &c, NULL) == 0);
		bytes = summary_write(&c, &n);
		CHECK(bytes);
		CHECK(read_copy(bytes, n, f, &d) == 0);
		CHECK(is_same(&c, &d));
		code_done(&d);
		/* Damage anywhere shows; so does what is cut off. */
		for (size_t at = 0; at < n; at += at < 512 ? 1 : 40093) {
			bytes[at] ^= 1;
			CHECK(read_copy(bytes, n, f, &d) == -EBADMSG);
			bytes[at] ^= 1;
		}
		for (size_t cut = n - 1; cut; cut /= 2)
			CHECK(read_copy(bytes, cut, f, &d) == -EBADMSG);
		/* A summary of a larger object leads out of a smaller one. */
		f->end = f->base + 4096;
		CHECK(read_copy(bytes, n, f, &d) == -EBADMSG);
		code_done(&c);
		elf_free(f);
	}
	CHECK(n_read > 0); /* /proc/self/exe, at least */
}

/* With the right check sum, too, a summary keeps within its object. */
static void nonsense_is_refused(void)
{
	struct elf *f = open_elf("/lib64/ld-linux-x86-64.so.2");
	struct code c, d;
	auto_free uint8_t *bytes = NULL;
	size_t n = 0, refused = 0, tried = 0;

	if (!f)
		SKIP("no /lib64/ld-linux-x86-64.so.2");
	CHECK(code_read(f, NULL, 0, &c, NULL) == 0);
	bytes = summary_write(&c, &n);
	CHECK(bytes);
	srand(1);
	for (int i = 0; i < 200; i++) {
		size_t at = 16 + (size_t)rand() % (n - 16);
		uint8_t old = bytes[at];

		bytes[at] = (uint8_t)rand();
		summary_seal(bytes, n);
		tried++;
		if (read_copy(bytes, n, f, &d) == 0)
			code_done(&d);
		else
			refused++;
		bytes[at] = old;
	}
	CHECK(refused > tried / 4);
	code_done(&c);
	elf_free(f);
}

struct folder {
	char path[64];
};

static void make_folder(struct folder *t)
{
	snprintf(t->path, sizeof(t->path), "/tmp/hull-test-store-XXXXXX");
	CHECK(mkdtemp(t->path));
}

static size_t empty_folder(const char *path, bool is_end)
{
	DIR *d = opendir(path);
	struct dirent *de;
	size_t n = 0;

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.' && strncmp(de->d_name, ".new", 4) != 0)
			continue;
		n++;
		if (is_end)
			(void)unlinkat(dirfd(d), de->d_name, 0);
	}
	closedir(d);
	if (is_end)
		(void)rmdir(path);
	return n;
}

static void the_store_keeps_what_it_is_given(void)
{
	struct elf *f = open_elf("/proc/self/exe");
	struct folder t;
	struct store *s;
	struct code c, d;

	make_folder(&t);
	s = store_open(t.path);
	CHECK(s && f);
	CHECK(!store_get(s, f, &d));
	CHECK(code_read(f, NULL, 0, &c, NULL) == 0);
	store_put(s, f, &c);
	CHECK(store_get(s, f, &d));
	CHECK(is_same(&c, &d));
	code_done(&d);
	code_done(&c);
	s = store_close(s);
	/* The summary, and the quick look where the kernel can tell mounts apart. */
	CHECK(empty_folder(t.path, false) == 1U + f->identity.is_known);
	elf_free(f);
	CHECK(empty_folder(t.path, true) > 0);
}

/* The same build id, size and times, and other content. */
static void a_build_id_names_nothing(void)
{
	struct elf *f = open_elf("/proc/self/exe"), *g;
	auto_free uint8_t *bytes = NULL;
	struct folder t;
	struct store *s;
	struct code c, d;

	make_folder(&t);
	s = store_open(t.path);
	CHECK(s && f && code_read(f, NULL, 0, &c, NULL) == 0);
	store_put(s, f, &c);
	bytes = malloc(f->size);
	CHECK(bytes);
	memcpy(bytes, f->bytes, f->size);
	for (size_t i = 0; i < f->n_segs; i++) {
		const struct elf_seg *x = &f->segs[i];

		if (x->is_exec) /* its last byte */
			bytes[(size_t)(x->bytes - f->bytes) + (x->file_end - x->start) - 1] ^= 1;
	}
	CHECK(elf_parse(bytes, f->size, &g, NULL) == 0);
	CHECK(g->build_id_size && memcmp(f->build_id, g->build_id, g->build_id_size) == 0);
	CHECK(!store_get(s, g, &d));
	elf_free(g);
	elf_free(f);
	code_done(&c);
	store_close(s);
	CHECK(empty_folder(t.path, true) > 0);
}

static void what_others_can_write_does_not_count(void)
{
	struct elf *f = open_elf("/proc/self/exe");
	char path[512];
	struct folder t;
	struct store *s;
	struct code c, d;
	struct dirent *de;
	DIR *dir;

	make_folder(&t);
	CHECK(chmod(t.path, 0770) == 0);
	CHECK(!store_open(t.path));
	CHECK(chmod(t.path, 0700) == 0);
	s = store_open(t.path);
	CHECK(s && f && code_read(f, NULL, 0, &c, NULL) == 0);
	store_put(s, f, &c);
	dir = opendir(t.path);
	while (dir && (de = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", t.path, de->d_name);
		if (de->d_name[0] == 's')
			CHECK(chmod(path, 0620) == 0);
	}
	closedir(dir);
	CHECK(!store_get(s, f, &d));
	/* It is put there anew. */
	store_put(s, f, &c);
	CHECK(store_get(s, f, &d));
	code_done(&d);
	code_done(&c);
	elf_free(f);
	store_close(s);
	CHECK(empty_folder(t.path, true) > 0);
}

static void another_owner_does_not_count(void)
{
	struct folder t;

	if (geteuid() != 0)
		SKIP("not root");
	make_folder(&t);
	CHECK(chown(t.path, 12345, 12345) == 0);
	CHECK(!store_open(t.path));
	CHECK(rmdir(t.path) == 0);
}

/* A file of the store by its looks: sparse, last used n seconds after 1970. */
static void plant(const char *folder, char kind, char digit, off_t size, time_t used)
{
	const struct timespec times[2] = { { .tv_sec = used }, { .tv_sec = used } };
	char path[256], name[2 * 32 + 1];
	int fd;

	memset(name, digit, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/%c%s", folder, kind, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && ftruncate(fd, size) == 0 && futimens(fd, times) == 0);
	close(fd);
}

static bool is_there(const char *folder, char kind, char digit)
{
	char path[256], name[2 * 32 + 1];

	memset(name, digit, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/%c%s", folder, kind, name);
	return access(path, F_OK) == 0;
}

/* Who writes cleans up: what was used longest ago goes first, and what a killed
 * writer has left; nothing else in the folder is touched. */
static void the_store_does_not_grow(void)
{
	struct elf *f = open_elf("/proc/self/exe");
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char temp[256], fresh[256], other[256];
	struct folder t;
	struct store *s;
	struct code c;

	make_folder(&t);
	for (char k = '1'; k <= '4'; k++)
		plant(t.path, 's', k, (off_t)200 << 20, 1000 * (k - '0'));
	snprintf(temp, sizeof(temp), "%s/.new-1-0", t.path);
	snprintf(fresh, sizeof(fresh), "%s/.new-2-0", t.path);
	snprintf(other, sizeof(other), "%s/notes", t.path);
	CHECK(mknod(temp, S_IFREG | 0600, 0) == 0 && utimensat(AT_FDCWD, temp, old, 0) == 0);
	CHECK(mknod(fresh, S_IFREG | 0600, 0) == 0);
	CHECK(mknod(other, S_IFREG | 0600, 0) == 0 && utimensat(AT_FDCWD, other, old, 0) == 0);

	s = store_open(t.path);
	CHECK(s && f && code_read(f, NULL, 0, &c, NULL) == 0);
	store_put(s, f, &c);
	s = store_close(s);
	CHECK(!is_there(t.path, 's', '1') && !is_there(t.path, 's', '2') &&
	      !is_there(t.path, 's', '3'));
	CHECK(is_there(t.path, 's', '4'));
	CHECK(access(temp, F_OK) < 0 && access(fresh, F_OK) == 0 && access(other, F_OK) == 0);
	/* What was just written stays. */
	s = store_open(t.path);
	code_done(&c);
	CHECK(store_get(s, f, &c));
	code_done(&c);
	store_close(s);
	elf_free(f);
	CHECK(empty_folder(t.path, true) > 0);
}

int main(void)
{
	TEST(what_was_written_is_read);
	TEST(nonsense_is_refused);
	TEST(the_store_keeps_what_it_is_given);
	TEST(a_build_id_names_nothing);
	TEST(what_others_can_write_does_not_count);
	TEST(another_owner_does_not_count);
	TEST(the_store_does_not_grow);
	return tap_end();
}
