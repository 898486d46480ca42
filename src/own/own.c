/* SPDX-License-Identifier: Apache-2.0 */
/* own/own.c - a container's filter made from the program that it runs. */
#include "own/own-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "filter/key.h"
#include "note/note.h"
#include "oci/config.h"
#include "sys/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HEADERS = 64 };

static const char default_path[] =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* ---- the entry point ---- */

/* A regular file that somebody may execute; its fd. O_NONBLOCK: a FIFO in its
 * place must not make us wait. */
static int open_program(int root_fd, const char *path)
{
	auto_fd int fd = sys_open_in(root_fd, path,
				     O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return TAKE_FD(fd);
}

static const char *search_path(const struct conf_process *p)
{
	for (size_t i = p->env.n; i-- > 0;)
		if (strncmp(p->env.v[i], "PATH=", 5) == 0)
			return p->env.v[i] + 5;
	return default_path;
}

/* As run/program.c will find it, in the child. */
static int find_program(const struct conf_process *p, int root_fd,
			struct arena *a, const char **ret_path)
{
	const char *name = p->args.v[0], *dirs = search_path(p);
	const char *cwd = p->cwd && *p->cwd ? p->cwd : "/";
	int fd = -ENOENT;

	if (strchr(name, '/')) {
		*ret_path = *name == '/' ? name
					 : arena_printf(a, "%s/%s", cwd, name);
		return *ret_path ? open_program(root_fd, *ret_path) : -ENOMEM;
	}
	for (;;) {
		size_t n = strcspn(dirs, ":");
		const char *dir = n ? arena_dup_n(a, dirs, n) : cwd;

		if (dir && *dir != '/')
			dir = arena_printf(a, "%s/%s", cwd, dir);
		*ret_path = dir ? arena_printf(a, "%s/%s", dir, name) : NULL;
		if (!*ret_path)
			return -ENOMEM;
		fd = open_program(root_fd, *ret_path);
		if (fd >= 0 || !dirs[n])
			return fd;
		dirs += n + 1;
	}
}

/* ---- its note ---- */

static bool read_at(int fd, void *p, size_t n, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, p, n, (off_t)at) == (ssize_t)n;
}

static bool holds_note(int fd, const Elf64_Phdr *p)
{
	uint8_t bytes[4096], head[NOTE_HEADER];
	size_t n = p->p_filesz < sizeof(bytes) ? p->p_filesz : sizeof(bytes);
	uint64_t left = p->p_filesz, at = p->p_offset, next;
	uint32_t size[3];

	/* From note to note: ours may be longer than what we hold. */
	for (int i = 0; i < 16 && left >= 20 && n >= 20; i++) {
		if (!read_at(fd, bytes, 20, at))
			return false;
		memcpy(size, bytes, sizeof(size));
		if (size[0] == sizeof(NOTE_OWNER) && size[2] == NOTE_TYPE &&
		    memcmp(bytes + 12, NOTE_OWNER, sizeof(NOTE_OWNER)) == 0)
			return size[1] >= NOTE_HEADER &&
			       read_at(fd, head, sizeof(head), at + 20) &&
			       memcmp(head + 40, "\0\0\0\0", 4) != 0;
		next = 12 + (((uint64_t)size[0] + 3) & ~3ULL) +
		       (((uint64_t)size[1] + 3) & ~3ULL);
		if (next > left)
			return false;
		at += next;
		left -= next;
	}
	return false;
}

/* Is there one that is filled in? Whether it is any good hull-scan will see. */
static bool has_note(int fd)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;

	if (!read_at(fd, &h, sizeof(h), 0) ||
	    memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(p))
		return false;
	for (unsigned i = 0; i < h.e_phnum && i < MAX_HEADERS; i++)
		if (read_at(fd, &p, sizeof(p),
			    h.e_phoff + (uint64_t)i * sizeof(p)) &&
		    p.p_type == PT_NOTE && holds_note(fd, &p))
			return true;
	return false;
}

/* ---- its policy ---- */

/* The mount that lies over something that was looked at; NULL: none. What
 * shows the same files as are below it does not count. */
static const char *covered(const struct conf *c, const struct answer *v)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct conf_mount *m = &c->mounts[i];

		if (m->source && strcmp(m->source, m->destination) == 0 &&
		    strcmp(c->root.path, "/") == 0)
			continue;
		if (seen_below(v->seen, v->seen_n, m->destination))
			return m->destination;
	}
	return NULL;
}

static bool names_execve(const struct filter_rule *r)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (strcmp(r->names[i], "execve") == 0)
			return true;
	return false;
}

/* The rule without execve. */
static int leave_out(struct filter_rule *r, struct arena *a)
{
	const char **names = arena_array(a, r->n_names + 1, sizeof(*names));
	size_t n = 0;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_names; i++)
		if (strcmp(r->names[i], "execve") != 0)
			names[n++] = r->names[i];
	r->names = names;
	r->n_names = n;
	return 0;
}

/* Where the program itself executes nothing, we have to, once. */
static int allow_once(struct filter_policy *p, struct conf *c, struct arena *a,
		      struct err *e)
{
	struct filter_rule *rules =
		arena_array(a, p->n_rules + FILTER_KEY_RULES, sizeof(*rules));
	struct filter_key_rules *k = arena_new(a, struct filter_key_rules);
	struct filter_key *key = arena_new(a, struct filter_key);
	int r = rules && k && key ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->n_rules; i++) {
		rules[i] = p->rules[i];
		if (!names_execve(&rules[i]))
			continue;
		if (rules[i].action == FILTER_ALLOW)
			return 0;
		r = leave_out(&rules[i], a);
	}
	if (r == 0 && getrandom(key, sizeof(*key), 0) != sizeof(*key))
		r = -EIO;
	if (r < 0)
		return err_set(e, r, "make the program's own filter");
	filter_key_rules(key, FILTER_ERRNO, EPERM, k);
	memcpy(rules + p->n_rules, k->rules, sizeof(k->rules));
	p->rules = rules;
	p->n_rules += FILTER_KEY_RULES;
	c->own_key = key;
	return 0;
}

static int take_policy(const struct answer *v, struct conf *c, struct err *e)
{
	struct filter_policy *p = arena_new(c->arena, struct filter_policy);
	int r;

	if (!p)
		return err_set(e, -ENOMEM, "make the program's own filter");
	r = oci_seccomp_read(v->policy, v->policy_n,
			     &(struct oci_read){ .name = "hull-scan" }, c->arena,
			     p, e);
	if (r == 0)
		r = allow_once(p, c, c->arena, e);
	if (r == 0)
		c->own = p;
	return r;
}

/* ---- all of it ---- */

static int ask(const struct own_request *q, int root_fd, const char *path,
	       struct arena *a, struct answer *v, struct err *e)
{
	const char *scanner = scanner_path(a);
	auto_fd int cache_fd = q->may_cache ? cache_open() : -EBADF;
	int r;

	if (!scanner) {
		err_plain(e, -ENOENT, "hull-scan is not installed");
		return err_hint(e, -ENOENT, "it belongs beside hull, or into /usr/bin");
	}
	if (cache_fd >= 0 &&
	    cache_get(cache_fd, scanner, root_fd, path, a, v))
		return 0;
	*v = (struct answer){ 0 };
	r = scanner_run(scanner, q->root, path, a, v, e);
	if (r < 0)
		return r;
	if (v->status == 2) {
		err_plain(e, -ENODATA, "%s has open questions: %.*s", path,
			  (int)strcspn(v->words, "\n"), v->words);
		return err_hint(e, -ENODATA, "hull-scan %s prints all of them; "
					     "hull-cc(1) says how a program "
					     "carries the answers", path);
	}
	if (v->status != 0)
		return err_plain(e, -EBADMSG, "%s cannot be analysed: %.*s",
				 path, (int)strcspn(v->words, "\n"), v->words);
	if (cache_fd >= 0)
		cache_put(cache_fd, scanner, path, v);
	return 0;
}

static int make(const struct own_request *q, struct conf *c, struct err *e)
{
	auto_fd int root_fd = open(q->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct answer v = { 0 };
	const char *path, *over;
	auto_fd int fd = -EBADF;
	int r;

	if (root_fd < 0)
		return err_sys(e, "open %s", q->root);
	fd = find_program(&c->process, root_fd, c->arena, &path);
	/* That it is not there the container's start will say, better. */
	if (fd < 0 || (q->mode == OWN_NOTE && !has_note(fd)))
		return 0;
	r = ask(q, root_fd, path, c->arena, &v, e);
	if (r < 0)
		return r;
	over = covered(c, &v);
	if (over)
		return err_plain(e, -EXDEV, "%s is mounted over files that belong "
					    "to %s", over, path);
	return take_policy(&v, c, e);
}

int own_filter(const struct own_request *q, struct conf *c, struct err *e)
{
	struct err own = { 0 };
	char line[ERR_TEXT + 160];
	int r;

	if (q->mode == OWN_OFF || !c->has_process || c->process.args.n == 0)
		return 0;
	r = make(q, c, &own);
	if (r < 0 && q->mode == OWN_NOTE && r != -ENOMEM) {
		snprintf(line, sizeof(line), "warning: no filter of the program's own: %s",
			 own.text);
		q->warn(q->warn_arg, line);
		return 0;
	}
	if (r < 0 && e)
		*e = own;
	return r < 0 ? err_ctx(e, r, "seccomp of the program's own") : 0;
}
