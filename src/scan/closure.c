/* SPDX-License-Identifier: Apache-2.0 */
/* scan/closure.c - a program and every shared object that is loaded with it.
 *
 * Theory of operation
 * -------------------
 * One queue: objects are appended as they are asked for and their own needs are
 * read in that order, which makes the list the breadth-first order of ld.so's
 * global scope. An object that is there already, by the name it was asked for,
 * by its SONAME, or as the same file, is not loaded twice. The interpreter is
 * loaded before (the kernel does it) and takes its place in the order where
 * somebody needs it, else at the end.
 *
 * A file of the wrong machine or class is passed over, as ld.so does. Variants
 * for newer processors (glibc-hwcaps/) are what ld.so would take on some
 * machines and not on others: where there is one it is loaded as a plugin
 * beside the plain file, so that both count.
 *
 * musl has no ld.so.conf: /etc/ld-musl-ARCH.path or its own default folders,
 * and its "libc.so" is the interpreter itself. */
#include "scan/closure.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_OBJECTS = 4096, MAX_DIRS = 512, MAX_INCLUDES = 8 };

DEFINE_SCOPE(closure, struct closure, closure_free)
#define auto_closure __attribute__((cleanup(scope_closure)))
DEFINE_SCOPE(elf, struct elf, elf_free)
#define auto_elf __attribute__((cleanup(scope_elf)))

struct closure *closure_free(struct closure *c)
{
	if (c) {
		for (size_t i = 0; i < c->n; i++)
			elf_free(c->v[i]->elf);
		root_close(&c->root);
		arena_done(&c->arena);
		free(c->v);
		free(c);
	}
	return NULL;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_musl(const struct closure *c)
{
	return c->interp && strncmp(c->interp->name, "ld-musl-", 8) == 0;
}

/* A machine's name and, as $LIB, the folder of its libraries on Debian. */
static const char *machine_name(const struct closure *c)
{
	return c->v[0]->elf->machine == EM_AARCH64 ? "aarch64" : "x86_64";
}

static const char *lib_dir(const struct closure *c)
{
	return c->v[0]->elf->machine == EM_AARCH64 ? "lib/aarch64-linux-gnu"
						   : "lib/x86_64-linux-gnu";
}

static int add_dir(struct closure *c, const char *dir)
{
	if (!dir)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_dirs; i++) {
		if (strcmp(c->dirs[i], dir) == 0)
			return 0;
	}
	if (c->n_dirs < MAX_DIRS)
		c->dirs[c->n_dirs++] = dir;
	return 0;
}

static int read_conf(struct closure *c, const char *path, int depth)
{
	char *text = depth < MAX_INCLUDES ? root_read_text(&c->root, path, &c->arena) : NULL;
	char *line, *rest = text;
	int r = 0;

	while (r == 0 && rest && (line = strsep(&rest, "\n"))) {
		const char **v;
		size_t n;

		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		for (size_t k = strlen(line); k && strchr(" \t\r", line[k - 1]); k--)
			line[k - 1] = '\0';
		if (*line == '/')
			r = add_dir(c, line);
		if (strncmp(line, "include", 7) != 0 || !strchr(" \t", line[7]))
			continue;
		line += 7 + strspn(line + 7, " \t");
		if (*line != '/')
			line = arena_printf(&c->arena, "/etc/%s", line);
		if (line && root_glob(&c->root, line, &c->arena, &v, &n) == 0) {
			for (size_t i = 0; r == 0 && i < n; i++)
				r = read_conf(c, v[i], depth + 1);
		}
	}
	return r;
}

static int read_musl_path(struct closure *c)
{
	const char *file = arena_printf(&c->arena, "/etc/ld-musl-%s.path", machine_name(c));
	char *text = file ? root_read_text(&c->root, file, &c->arena) : NULL;
	static const char *const defaults[] = { "/lib", "/usr/local/lib", "/usr/lib" };
	char *dir;
	int r = 0;

	while (r == 0 && text && (dir = strsep(&text, ":\n"))) {
		if (*dir)
			r = add_dir(c, dir);
	}
	for (size_t i = 0; r == 0 && c->n_dirs < 3 && i < ARRAY_SIZE(defaults); i++)
		r = add_dir(c, defaults[i]);
	return r;
}

static int read_dirs(struct closure *c)
{
	static const char *const defaults[] = { "/lib64", "/usr/lib64", "/lib", "/usr/lib" };
	int r;

	c->dirs = arena_array(&c->arena, MAX_DIRS, sizeof(*c->dirs));
	if (!c->dirs)
		return -ENOMEM;
	if (is_musl(c))
		return read_musl_path(c);
	r = read_conf(c, "/etc/ld.so.conf", 0);
	if (r == 0)
		r = add_dir(c, arena_printf(&c->arena, "/%s", lib_dir(c)));
	if (r == 0)
		r = add_dir(c, arena_printf(&c->arena, "/usr/%s", lib_dir(c)));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(defaults); i++)
		r = add_dir(c, defaults[i]);
	return r;
}

/* Does the object answer to the name? ld.so compares it with the names that
 * the object was asked for by, and with its SONAME. */
static bool answers_to(const struct closure *c, const struct object *o, const char *name)
{
	static const char *const in_musl[] = { "libc.so", "libpthread.so", "librt.so", "libm.so",
					       "libdl.so", "libutil.so", "libxnet.so" };

	if ((o->wanted && strcmp(o->wanted, name) == 0) || strcmp(o->path, name) == 0)
		return true;
	if (o->elf->dyn.soname && strcmp(o->elf->dyn.soname, name) == 0)
		return true;
	for (size_t i = 0; o == c->interp && is_musl(c) && i < ARRAY_SIZE(in_musl); i++) {
		if (strcmp(name, in_musl[i]) == 0)
			return true;
	}
	return false;
}

static struct object *find_loaded(const struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (answers_to(c, c->v[i], name))
			return c->v[i];
	}
	if (c->interp && answers_to(c, c->interp, name))
		return c->interp;
	return NULL;
}

static int append(struct closure *c, struct object *o)
{
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 32;
		struct object **v = realloc(c->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		c->v = v;
		c->room = room;
	}
	o->index = c->n;
	c->v[c->n++] = o;
	return 0;
}

/* The object of an open file: a new one, not yet in the list, or one that is
 * the same file. */
static int read_object(struct closure *c, int fd, const char *path, struct object **ret_o,
		       struct err *e)
{
	auto_elf struct elf *f = NULL;
	struct object *o;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	for (size_t i = 0; i <= c->n; i++) {
		o = i < c->n ? c->v[i] : c->interp;
		if (o && o->inode == st.st_ino && o->device == st.st_dev) {
			*ret_o = o;
			return 0;
		}
	}
	r = elf_read(fd, &f, e);
	if (r < 0)
		return err_ctx(e, r, "%s", path);
	if (c->n && f->machine != c->v[0]->elf->machine)
		return err_set(e, -ENOTSUP, "%s is for another machine", path);
	o = arena_new(&c->arena, struct object);
	path = arena_dup(&c->arena, path);
	if (!o || !path)
		return err_set(e, -ENOMEM, "load %s", path);
	*o = (struct object){ .elf = TAKE_PTR(f), .path = path, .name = last_part(path),
			      .device = st.st_dev, .inode = st.st_ino, .index = SIZE_MAX };
	*ret_o = o;
	return 0;
}

static int try_path(struct closure *c, const char *path, struct object **ret_o, struct err *e)
{
	auto_fd int fd = path ? root_open_file(&c->root, path) : -ENOMEM;
	int r;

	if (fd < 0)
		return fd;
	r = read_object(c, fd, path, ret_o, e);
	/* What is no library for this machine is passed over. */
	return r == -ENOTSUP || r == -ENOEXEC || r == -EISDIR ? -ENOENT : r;
}

/* `path` with $ORIGIN, $LIB and $PLATFORM filled in. */
static const char *expand(struct closure *c, const struct object *o, const char *path)
{
	size_t dir_length = (size_t)(o->name - o->path);
	const char *dir = arena_dup_n(&c->arena, o->path, dir_length - (dir_length > 1));
	const struct {
		const char *word, *value;
	} words[] = {
		{ "ORIGIN", dir }, { "LIB", lib_dir(c) }, { "PLATFORM", machine_name(c) },
	};
	const char *out = "", *dollar;

	while (out && (dollar = strchr(path, '$'))) {
		const char *value = NULL, *word = dollar + 1;
		bool braced = *word == '{';

		word += braced;
		for (size_t i = 0; !value && i < ARRAY_SIZE(words); i++) {
			size_t n = strlen(words[i].word);

			if (strncmp(word, words[i].word, n) != 0 || (braced && word[n] != '}'))
				continue;
			value = words[i].value;
			word += n + braced;
		}
		if (!value)
			return NULL;
		out = arena_printf(&c->arena, "%s%.*s%s", out, (int)(dollar - path), path, value);
		path = word;
	}
	return out && *out ? arena_printf(&c->arena, "%s%s", out, path) : path;
}

/* Adds the variants for newer processors, of which ld.so takes one. */
static int add_variants(struct closure *c, const char *dir, const char *name, struct err *e)
{
	static const char *const levels[] = { "x86-64-v2", "x86-64-v3", "x86-64-v4" };
	struct object *o;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		r = try_path(c, arena_printf(&c->arena, "%s/glibc-hwcaps/%s/%s", dir,
					     levels[i], name), &o, e);
		if (r == 0 && o->index == SIZE_MAX) {
			o->is_plugin = o->is_opened = true;
			r = append(c, o);
		}
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	return 0;
}

static int try_dir(struct closure *c, const char *dir, const char *name,
		   struct object **ret_o, struct err *e)
{
	int r;

	if (!dir || *dir != '/')
		return -ENOENT;
	r = try_path(c, arena_printf(&c->arena, "%s/%s", dir, name), ret_o, e);
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	return is_musl(c) ? 0 : add_variants(c, dir, name, e);
}

/* A list of folders with colons, as in RPATH. */
static int try_list(struct closure *c, const struct object *o, const char *list,
		    const char *name, struct object **ret_o, struct err *e)
{
	char *rest = list ? arena_dup(&c->arena, list) : NULL, *dir;
	int r = -ENOENT;

	while (r == -ENOENT && rest && (dir = strsep(&rest, ":")))
		r = try_dir(c, expand(c, o, dir), name, ret_o, e);
	return r;
}

/* RPATH counts for the object's own needs and for those of whatever it loaded,
 * unless there is a RUNPATH, which counts for its own only. */
static int try_rpaths(struct closure *c, const struct object *o, const char *name,
		      struct object **ret_o, struct err *e)
{
	int r = -ENOENT;

	if (o->elf->dyn.runpath && !is_musl(c))
		return r;
	for (; r == -ENOENT && o; o = o->loader) {
		if (o->elf->dyn.rpath && (!o->elf->dyn.runpath || is_musl(c)))
			r = try_list(c, o, o->elf->dyn.rpath, name, ret_o, e);
		if (r == -ENOENT && is_musl(c))
			r = try_list(c, o, o->elf->dyn.runpath, name, ret_o, e);
	}
	return r;
}

static int search(struct closure *c, const struct object *who, const char *name,
		  struct object **ret_o, struct err *e)
{
	int r = -ENOENT;

	if (strchr(name, '/'))
		return try_path(c, expand(c, who, name), ret_o, e);
	r = try_rpaths(c, who, name, ret_o, e);
	for (size_t i = 0; r == -ENOENT && i < c->n_extra_dirs; i++)
		r = try_dir(c, c->extra_dirs[i], name, ret_o, e);
	if (r == -ENOENT && who->elf->dyn.runpath)
		r = try_list(c, who, who->elf->dyn.runpath, name, ret_o, e);
	for (size_t i = 0; r == -ENOENT && i < c->n_dirs; i++)
		r = try_dir(c, c->dirs[i], name, ret_o, e);
	return r;
}

static int need(struct closure *c, const struct object *who, const char *name, bool is_plugin,
		struct object **ret_o, struct err *e)
{
	struct object *o = find_loaded(c, name);
	int r;

	if (!o) {
		r = search(c, who, name, &o, e);
		if (r == -ENOENT) {
			err_input(e, "%s needs %s, and there is no such library in %s",
				  who->path, name, *c->root.path ? c->root.path : "/");
			err_hint(e, r, "install it there, or say where it is by "
				       "--library-path DIR");
			return r;
		}
		if (r < 0)
			return err_ctx(e, r, "load %s for %s", name, who->path);
	}
	*ret_o = o;
	if (o->index != SIZE_MAX)
		return 0;
	if (c->n >= MAX_OBJECTS)
		return err_set(e, -E2BIG, "more than %d libraries", MAX_OBJECTS);
	o->loader = who;
	o->wanted = arena_dup(&c->arena, name);
	o->is_plugin = is_plugin;
	return append(c, o) < 0 ? err_set(e, -ENOMEM, "load %s", name) : 0;
}

static int load_needs(struct closure *c, size_t from, struct err *e)
{
	struct object *ignored;

	for (size_t i = from; i < c->n; i++) {
		const struct object *o = c->v[i];

		for (size_t k = 0; k < o->elf->dyn.n_needed; k++) {
			int r = need(c, o, o->elf->dyn.needed[k], o->is_plugin, &ignored, e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int closure_add_plugin(struct closure *c, const struct object *who, const char *name,
		       struct object **ret_object, struct err *e)
{
	size_t before = c->n;
	int r = need(c, who, name, true, ret_object, e);

	if (r < 0)
		return r;
	(*ret_object)->is_opened = true;
	return load_needs(c, before, e);
}

static int load_interp(struct closure *c, struct err *e)
{
	const char *path = c->v[0]->elf->interp;
	int r;

	if (!path)
		return 0;
	r = try_path(c, path, &c->interp, e);
	if (r < 0)
		return err_set(e, r, "load the interpreter %s", path);
	c->interp->is_interp = true;
	c->interp->wanted = path;
	return 0;
}

static int load_program(struct closure *c, const char *path, struct err *e)
{
	auto_fd int fd = root_open_file(&c->root, path);
	const char *real;
	struct object *o;
	int r;

	if (fd < 0)
		return err_set(e, fd, "open %s", path);
	/* $ORIGIN is where the file is, not the symlink to it. */
	real = root_real_path(&c->root, fd, &c->arena);
	r = read_object(c, fd, real ? real : path, &o, e);
	if (r == 0)
		r = append(c, o) < 0 ? err_set(e, -ENOMEM, "load %s", path) : 0;
	return r;
}

int closure_load(const char *root, void *seen, const char *path, const char **extra_dirs,
		 size_t n_extra_dirs, struct closure **ret_c, struct err *e)
{
	auto_closure struct closure *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_set(e, -ENOMEM, "load %s", path);
	arena_init(&c->arena);
	c->root.fd = -EBADF;
	c->extra_dirs = extra_dirs;
	c->n_extra_dirs = n_extra_dirs;
	r = root_open(root, &c->root, e);
	c->root.seen = seen;
	if (r == 0)
		r = load_program(c, path, e);
	if (r == 0)
		r = load_interp(c, e);
	if (r == 0 && read_dirs(c) < 0)
		r = err_set(e, -ENOMEM, "load %s", path);
	if (r == 0)
		r = load_needs(c, 0, e);
	if (r == 0 && c->interp && c->interp->index == SIZE_MAX && append(c, c->interp) < 0)
		r = err_set(e, -ENOMEM, "load %s", path);
	if (r < 0)
		return r;
	*ret_c = TAKE_PTR(c);
	return 0;
}
