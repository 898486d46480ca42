/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/embed.c - analyses what was linked and puts the note in. */
#include "prog/hull-cc/cc.h"

#include "base/err.h"
#include "base/scope.h"
#include "scan/answers.h"
#include "scan/carry.h"
#include "scan/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN = 5 };

DEFINE_SCOPE(elf, struct elf, elf_free)
#define auto_elf __attribute__((cleanup(scope_elf)))

static size_t count_questions(const struct family *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i]->n_questions;
	return n;
}

static void show_questions(const struct cc *c, const struct family *f, size_t n)
{
	size_t shown = 0;

	if (c->is_quiet && !c->is_strict)
		return;
	fprintf(stderr, "hull-cc: %s: %zu open question%s, so there is no filter for it yet\n",
		c->output, n, n == 1 ? "" : "s");
	for (size_t i = 0; i < f->n; i++) {
		struct scan *s = f->v[i];

		for (size_t k = 0; k < s->n_questions && shown < SHOWN; k++, shown++)
			fprintf(stderr, "  %s%s%s\n", i ? s->options->program : "", i ? ": " : "",
				scan_question_text(s, &s->questions[k]));
	}
	if (n > shown)
		fprintf(stderr, "  and %zu more\n", n - shown);
	fprintf(stderr, "hint: answer them in HULL_SCAN, e.g. HULL_SCAN=\"--exec none\"; see hull-cc(1)\n");
}

/* Ours, root's, or the build directory's owner's: in a directory that everybody can
 * write (/tmp) the answers may be anybody's, and an answer can open a filter. */
static bool is_trusted(const char *path, uid_t owner)
{
	struct stat st;

	return lstat(path, &st) == 0 && !(st.st_mode & S_IWOTH && S_ISREG(st.st_mode)) &&
	       (st.st_uid == geteuid() || st.st_uid == 0 || st.st_uid == owner);
}

/* The hull-scan.toml of the build: in the current directory, or above it, as far up
 * as the directories are the same owner's and not for everybody to write. What
 * HULL_SCAN says goes first. */
static int declare(struct cc *c, struct scan_options *o, struct err *e)
{
	struct stat first, st;
	char *dir = getcwd(NULL, 0), *path = NULL, *slash;
	int r = 0;

	if (!dir || stat(dir, &first) < 0) {
		free(dir);
		return 0;
	}
	for (;;) {
		path = arena_printf(&c->arena, "%s/" ANSWERS_NAME, dir);
		if (path && access(path, F_OK) == 0) {
			if (!is_trusted(path, first.st_uid)) {
				r = err_input(e, "%s: others could have written it", path);
				err_hint(e, r, "build in a directory of your own, or make the file yours");
			} else {
				r = answers_read(path, c->output, &c->arena, o, e);
			}
			break;
		}
		slash = strrchr(dir, '/');
		if (!slash || slash == dir)
			break;
		*slash = '\0';
		if (stat(dir, &st) < 0 || st.st_uid != first.st_uid || st.st_mode & S_IWOTH)
			break;
	}
	free(dir);
	return r;
}

/* The analysis of a program; without one (a library that is not built yet, say)
 * its symbols are carried all the same. */
static int describe(struct cc *c, const struct elf *f, const char *path, struct note_writer *w,
		    struct err *e)
{
	struct scan_options o = c->answers;
	struct family family = { 0 };
	int r = 0;

	if (c->kind == CC_SHARED) {
		carry_object(f, w);
		return 0;
	}
	o.root = "/";
	o.program = path;
	o.library_dirs = c->library_dirs;
	o.n_library_dirs = c->n_library_dirs;
	o.debug_dir = "/usr/lib/debug";
	r = declare(c, &o, e);
	if (r < 0)
		return r;
	o.store = store_open(NULL);
	r = family_scan(&o, &family, e);
	o.store = store_close(o.store);
	if (r < 0) {
		carry_object(f, w);
		return err_ctx(e, r, "%s", c->output);
	}
	r = carry_program(&family, w, e);
	if (r == 0 && count_questions(&family)) {
		show_questions(c, &family, count_questions(&family));
		r = c->is_strict ? -EAGAIN : 0;
	}
	family_done(&family);
	return r;
}

static int put(int fd, const struct elf *f, const struct note_writer *w, size_t *ret_need,
	       struct err *e)
{
	if (!f->carried.desc)
		return append_note(fd, w->bytes, w->n, e);
	if (w->n > f->carried.size) {
		*ret_need = w->n;
		return 0;
	}
	if (pwrite(fd, w->bytes, w->n, (off_t)f->carried.offset) != (ssize_t)w->n)
		return err_sys(e, "write the note");
	return 0;
}

int embed(struct cc *c, size_t *ret_need, struct err *e)
{
	auto_fd int fd = open(c->output, O_RDWR | O_CLOEXEC);
	auto_free char *path = realpath(c->output, NULL);
	auto_elf struct elf *f = NULL;
	struct note_writer w = { 0 };
	uint8_t digest[SHA256_SIZE];
	struct err later = { 0 };
	int r, put_r;

	*ret_need = 0;
	/* No file that we know: a linker script made something else. */
	if (fd < 0 || !path || elf_read(fd, &f, NULL) < 0 || (!f->carried.desc && !c->is_go))
		return 0;
	r = describe(c, f, path, &w, e);
	elf_digest(f, digest);
	put_r = note_finish(&w, digest);
	if (put_r < 0)
		put_r = err_set(&later, put_r, "make the note");
	else
		put_r = put(fd, f, &w, ret_need, &later);
	note_done(&w);
	if (r < 0)
		return r;
	if (put_r < 0)
		*e = later;
	return put_r;
}
