/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mounts.c - config.json's mounts, in order.
 *
 * Theory of operation
 * -------------------
 * A mount is made detached (fsopen()/fsmount() for a new file system,
 * open_tree() for a bind), given its attributes while nobody can see it, and
 * then moved upon its destination, which is held by an fd.
 *
 *  M1  A destination is resolved by openat2() with the new root as "/":
 * symlinks of the image lead nowhere else, and what is opened is what is
 * mounted upon, so exchanging directories meanwhile gains nothing
 * (CVE-2021-30465, CVE-2019-18837, CVE-2024-45310). M2  proc and sysfs go upon
 * real directories: an image whose /proc is a symlink would get our procfs
 * elsewhere and its own files in the place (CVE-2019-19921, CVE-2023-27561,
 * CVE-2023-28642). For the same reason nothing but what lxcfs is known to do
 * may be bound below /proc. M3  A bind never spreads: it is a slave of what it
 * was cloned from at most. M4  In a user namespace an attribute that the host's
 * mount has locked (ro, nosuid, nodev, noexec) stays: only what was asked for
 * is changed.
 *
 * cgroup file systems are in mount-cgroup.c, tmpcopyup in mount-copyup.c. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOUNT_OPEN, MOUNT_SHIFT, MOUNT_EARLY, MOUNT_ONE };

/* MOUNT_EARLY's op.arg */
struct all {
	size_t n;
	struct mount_job *jobs[];
};

static bool is_bind(const struct conf_mount *m)
{
	return (m->flags & MS_BIND) ||
	       (m->type && (strcmp(m->type, "bind") == 0 ||
			    strcmp(m->type, "rbind") == 0));
}

static bool is_type(const struct conf_mount *m, const char *type)
{
	return !is_bind(m) && m->type && strcmp(m->type, type) == 0;
}

/* Below /proc only what lxcfs is known to bind (runc's list), M2. */
static bool is_allowed_in_proc(const char *path)
{
	static const char *const allowed[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (strcmp(path, allowed[i]) == 0)
			return true;
	return false;
}

static int inside_proc(const struct conf_mount *m, struct err *e)
{
	err_input(e, "\"%s\" cannot be mounted upon: it is inside /proc",
		  m->destination);
	return err_hint(e, -EINVAL, "mount upon /proc itself, or elsewhere");
}

static int check_proc(const struct conf_mount *m, struct err *e)
{
	if (strncmp(m->destination, "/proc/", 6) != 0 ||
	    is_allowed_in_proc(m->destination))
		return 0;
	return inside_proc(m, e);
}

/* The same for where the image's symlinks have led: what was opened is looked
 * at. A second procfs upon the first hides nothing. */
static int check_target(const struct conf_mount *m, int target, struct err *e)
{
	if (is_type(m, "proc") || is_allowed_in_proc(m->destination) ||
	    sys_fs_magic(target) != PROC_SUPER_MAGIC)
		return 0;
	return inside_proc(m, e);
}

static int add(struct plan *p, const void *arg, enum phase phase,
	       int kind, struct err *e)
{
	const struct op op = { .brick = &brick_mounts,
			       .phase = phase,
			       .kind = kind,
			       .fd = -EBADF,
			       .arg = arg };

	return plan_add(p, op, e);
}

static int plan_one(const struct conf *c, const struct host *h, struct plan *p,
		    struct mount_job *job, struct err *e)
{
	const struct conf_mount *m = job->m;
	int r = check_proc(m, e);

	if (r < 0)
		return r;
	if (is_type(m, "cgroup") || is_type(m, "cgroup2")) {
		r = mount_cgroup_plan(job, h, p->arena, e);
		if (r < 0)
			return r;
	}
	if (is_bind(m) && !m->source)
		return err_input(e, "mounts: %s: a bind mount needs a source",
				 m->destination);
	/* The supervisor reaches what the user namespace may not, and maps ids
	 * as the owner of the file system that is bound. */
	if (is_bind(m) &&
	    (m->extra & MOUNT_IDMAP ||
	     (c->ns[NS_USER].mode != PART_OFF && !h->is_rootless)))
		r = add(p, job, PHASE_HOST, MOUNT_OPEN, e);
	if (r == 0 && m->extra & MOUNT_IDMAP)
		r = add(p, job, PHASE_HOST, MOUNT_SHIFT, e);
	return r < 0 ? r : add(p, job, PHASE_BUILD, MOUNT_ONE, e);
}

static int mounts_plan(const struct conf *c, const struct host *h,
		       struct plan *p, struct err *e)
{
	int r = mount_label_check(c, h, e);
	struct mount_job *jobs = arena_array(p->arena, c->n_mounts + 1, sizeof(*jobs));
	struct all *all = arena_alloc(
		p->arena, sizeof(*all) + c->n_mounts * sizeof(all->jobs[0]));

	if (!jobs || !all)
		return err_set(e, -ENOMEM, "plan");
	all->n = c->n_mounts;
	for (size_t i = 0; i < c->n_mounts && r == 0; i++) {
		all->jobs[i] = &jobs[i];
		jobs[i] = (struct mount_job){ .conf = c,
					      .m = &c->mounts[i],
					      .host = h,
					      .tree_fd = -EBADF,
					      .userns_fd = -EBADF };
		r = plan_one(c, h, p, &jobs[i], e);
		if (r < 0)
			return err_ctx(e, r, "mounts[%zu]", i);
	}
	if (r == 0 && mount_early_plan(c, h, all->jobs, all->n))
		r = add(p, all, PHASE_BESIDE, MOUNT_EARLY, e);
	return r;
}

static int clone_source(const struct conf_mount *m)
{
	unsigned flags = OPEN_TREE_CLONE;

	if ((m->flags & MS_REC) || (m->type && strcmp(m->type, "rbind") == 0))
		flags |= AT_RECURSIVE;
	if (m->extra & MOUNT_SRCNOFOLLOW)
		flags |= AT_SYMLINK_NOFOLLOW;
	return sys_open_tree(AT_FDCWD, m->source, flags);
}

static int hint_idmap(struct err *e)
{
	return err_hint(e, -EPERM,
			"only the host's root may map the ids of a file system "
			"that the host has mounted");
}

static int set_idmap(const struct mount_job *job, int tree, struct err *e)
{
	unsigned flags = job->m->extra & MOUNT_RIDMAP ? AT_RECURSIVE : 0;
	int ret = sys_mount_setattr(tree, flags, MOUNT_ATTR_IDMAP, 0, 0,
				    job->userns_fd);

	if (ret == 0)
		return 0;
	err_set(e, ret, "map the ids of %s",
		is_bind(job->m) ? job->m->source : job->m->type);
	if (ret == -EPERM)
		return hint_idmap(e);
	if (ret == -EINVAL)
		return err_hint(e, ret,
				"its kind of file system may not know "
				"id-mapped mounts");
	return ret;
}

/* MOUNT_SHIFT: a bind is mapped here and now, a new file system when the child
 * has made it. */
static int shift(struct mount_job *job, struct err *e)
{
	job->userns_fd = mount_idmap_ns(job->conf, job->m, e);
	if (job->userns_fd < 0)
		return job->userns_fd;
	return job->tree_fd >= 0 ? set_idmap(job, job->tree_fd, e) : 0;
}

/* Attributes of the mount itself, then those for all that is below it. */
static int set_attrs(int tree, const struct conf_mount *m, bool bound)
{
	uint64_t set = sys_mount_attrs(m->flags),
		 clear = sys_mount_attrs(m->clear);
	uint64_t propagation = bound ? MS_SLAVE : 0; /* M3 */
	int r = 0;

	if (set & MOUNT_ATTR__ATIME)
		clear |= MOUNT_ATTR__ATIME;
	clear &= ~set | MOUNT_ATTR__ATIME;
	if (bound)
		r = sys_mount_setattr(tree, AT_RECURSIVE, 0, 0, propagation,
				      -1);
	if (r == 0 && (set || clear) && bound) /* M4 */
		r = sys_mount_setattr(tree, 0, set, clear, 0, -1);
	if (r == 0 && (m->rec_set || m->rec_clear)) {
		uint64_t off = m->rec_clear;

		if ((m->rec_set | m->rec_clear) & MOUNT_ATTR__ATIME)
			off |= MOUNT_ATTR__ATIME;
		r = sys_mount_setattr(tree, AT_RECURSIVE, m->rec_set, off, 0,
				      -1);
	}
	return r;
}

static int bind_tree(struct mount_job *job, struct err *e)
{
	const struct conf_mount *m = job->m;
	auto_fd int tree =
		job->tree_fd >= 0 ? TAKE_FD(job->tree_fd) : clone_source(m);
	int r;

	if (tree < 0)
		return err_set(e, tree, "bind %s", m->source);
	r = set_attrs(tree, m, true);
	if (r < 0)
		return err_set(e, r, "set the mount options of %s", m->source);
	return TAKE_FD(tree);
}

/* Options of the super block among the mount flags, and the label. */
static const char *with_flags(const struct mount_job *job, char *data, size_t n)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} words[] = { { MS_SYNCHRONOUS, "sync" },
		      { MS_DIRSYNC, "dirsync" },
		      { MS_LAZYTIME, "lazytime" },
		      { MS_MANDLOCK, "mand" } };
	const struct conf_mount *m = job->m;
	const char *label = mount_label(job->conf, m);
	const char *key = job->conf->mount_context_type;
	size_t len = (size_t)snprintf(data, n, "%s", m->data ? m->data : "");

	for (size_t i = 0; i < ARRAY_SIZE(words) && len < n; i++)
		if (m->flags & words[i].flag)
			len += (size_t)snprintf(data + len, n - len, "%s%s",
						len ? "," : "", words[i].word);
	if (len < n && label)
		len += (size_t)snprintf(data + len, n - len, "%s%s=\"%s\"",
					len ? "," : "", key ? key : "context",
					label);
	return len < n ? data : NULL;
}

/* "proc", "tmpfs" and the like are names, not devices: mount(8) shows them. */
static const char *fs_source(const struct conf_mount *m)
{
	return m->source && *m->source ? m->source : m->type;
}

/* An ordinary user without a network namespace of its own may not mount sysfs,
 * and one without a pid namespace not procfs: what the host has there, shows
 * the same and no more. */
static int host_tree(const struct conf_mount *m)
{
	const char *path = strcmp(m->type, "proc") == 0 ? "/proc" : "/sys";
	auto_fd int tree =
		sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	int r;

	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, AT_RECURSIVE,
			      strcmp(m->type, "sysfs") == 0 ? MOUNT_ATTR_RDONLY
							    : 0,
			      0, MS_SLAVE, -1);
	return r < 0 ? r : TAKE_FD(tree);
}

static bool is_shared_with_host(const struct mount_job *job)
{
	enum ns_kind kind = strcmp(job->m->type, "proc") == 0 ? NS_PID : NS_NET;

	return job->conf->ns[kind].mode == PART_OFF;
}

int mount_new_tree(const struct mount_job *job, struct err *e)
{
	const struct conf_mount *m = job->m;
	uint64_t attrs = sys_mount_attrs(m->flags);
	bool is_kernel_fs = is_type(m, "proc") || is_type(m, "sysfs");
	char data[8192];
	auto_fd int tree = -EBADF;
	int r;

	if (!m->type)
		return err_input(e,
				 "%s: a mount needs a type, or the option bind",
				 m->destination);
	if (!with_flags(job, data, sizeof(data)))
		return err_set(e, -E2BIG, "options of %s", m->destination);
	/* A tmpfs to be filled is made read-only when it is. */
	if (m->extra & MOUNT_TMPCOPYUP)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	tree = sys_fs_mount(m->type, fs_source(m), data,
			    attrs | (job->early ? 0 : SYS_FS_CHILD));
	if (tree == -EPERM && is_kernel_fs && is_shared_with_host(job))
		tree = host_tree(m);
	if (tree < 0)
		return err_set(e, tree, "mount %s", m->type);
	r = set_attrs(tree, m, false);
	if (r < 0)
		return err_set(e, r, "set the mount options");
	r = job->userns_fd >= 0 ? set_idmap(job, tree, e) : 0;
	return r < 0 ? r : TAKE_FD(tree);
}

/* M1. A destination that is not there is made: a directory, or an empty file
 * when a file is to be bound upon it. */
static int open_target(const struct mount_job *job, int root_fd, bool is_dir,
		       struct err *e)
{
	const struct conf_mount *m = job->m;
	/* What is in a /dev made early is not looked at again. */
	bool is_kernel_fs = is_type(m, "proc") || is_type(m, "sysfs") ||
			    job->early == EARLY_DEV;
	int nofollow = m->extra & MOUNT_DSTNOFOLLOW ? O_NOFOLLOW : 0;
	bool is_in_proc = is_allowed_in_proc(m->destination);
	uint64_t resolve =
		is_kernel_fs || is_in_proc ? RESOLVE_NO_SYMLINKS : 0; /* M2 */
	int fd = sys_open_in(root_fd, m->destination, O_PATH | nofollow, 0,
			     resolve);

	if (fd == -ELOOP && is_kernel_fs) {
		err_plain(e, -ELOOP, "%s: is a symlink in the image",
			  m->destination);
		return err_hint(e, -ELOOP, "%s has to go upon a real directory",
				m->type);
	}
	if (fd == -ENOENT)
		fd = mount_make_target(root_fd, m->destination, is_dir);
	return fd < 0 ? err_set(e, fd, "make the destination %s",
				m->destination)
		      : fd;
}

int mount_make_target(int root_fd, const char *path, bool is_dir)
{
	auto_fd int parent = -EBADF, file = -EBADF;
	const char *name;

	if (is_dir)
		return sys_mkdirs_in(root_fd, path, 0755);
	parent = sys_parent_in(root_fd, path, 0755, true, &name);
	if (parent < 0)
		return parent;
	file = openat(parent, name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0644);
	if (file < 0 && errno != EEXIST)
		return -errno;
	return sys_open_in(root_fd, path, O_PATH, 0, 0);
}

/* copy-symlink (crun): a source that is a symlink is made anew in the image. */
static int copy_symlink(const struct conf_mount *m, int root_fd, struct err *e)
{
	char text[4096];
	ssize_t n = readlink(m->source, text, sizeof(text) - 1);
	auto_fd int parent = -EBADF;
	const char *name;

	if (n < 0)
		return 0; /* no symlink: an ordinary mount */
	text[n] = '\0';
	parent = sys_parent_in(root_fd, m->destination, 0755, true, &name);
	if (parent < 0)
		return err_set(e, parent, "make the parent of %s",
			       m->destination);
	if (symlinkat(text, parent, name) < 0) {
		char have[4096];
		ssize_t k = readlinkat(parent, name, have, sizeof(have));

		if (errno != EEXIST || k != n ||
		    memcmp(have, text, (size_t)n) != 0)
			return err_sys(e, "make the symlink %s",
				       m->destination);
	}
	return 1;
}

static int attach(const struct mount_job *job, struct run *r, int tree,
		  struct err *e)
{
	const struct conf_mount *m = job->m;
	auto_exec_fd int target = -EBADF;
	struct stat st = { .st_mode = S_IFDIR };
	int ret;

	if (is_bind(m) && fstat(tree, &st) < 0)
		return err_sys(e, "stat the source");
	target = open_target(job, r->root_fd, S_ISDIR(st.st_mode), e);
	if (target < 0)
		return target;
	ret = check_target(m, target, e);
	if (ret < 0)
		return ret;
	if (m->extra & MOUNT_TMPCOPYUP) {
		ret = mount_copy_up(target, tree, e);
		if (ret == 0 && (m->flags & MS_RDONLY))
			ret = sys_mount_setattr(tree, 0, MOUNT_ATTR_RDONLY, 0,
						0, -1);
		if (ret < 0)
			return ret;
	}
	ret = sys_move_mount(tree, target);
	if (ret < 0)
		return err_set(e, ret, "mount upon %s", m->destination);
	if (m->propagation)
		ret = sys_mount_setattr(
			tree, m->propagation & MS_REC ? AT_RECURSIVE : 0, 0, 0,
			m->propagation & ~(uint64_t)MS_REC, -1);
	return ret < 0 ? err_set(e, ret, "set the propagation of %s",
				 m->destination)
		       : 0;
}

static int mount_one(struct mount_job *job, struct run *r, struct err *e)
{
	const struct conf_mount *m = job->m;
	auto_exec_fd int tree = -EBADF;
	int ret;

	ret = job->early ? run_trees(r, e) : 0;
	if (ret < 0)
		return ret;
	if (is_type(m, "cgroup") || is_type(m, "cgroup2"))
		return mount_cgroup(job, r, e);
	if (job->early == EARLY_IN_DEV && r->made & MADE_DEV)
		return 0; /* came with /dev */
	if (job->early == EARLY_DEV && r->trees[TREE_DEV] >= 0) {
		tree = TAKE_FD(r->trees[TREE_DEV]);
		return attach(job, r, tree, e);
	}
	if (m->extra & MOUNT_COPYSYMLINK && is_bind(m)) {
		ret = copy_symlink(m, r->root_fd, e);
		if (ret != 0)
			return ret < 0 ? ret : 0;
	}
	tree = is_bind(m) ? bind_tree(job, e) : mount_new_tree(job, e);
	if (tree < 0)
		return tree;
	return attach(job, r, tree, e);
}

/* One that is not there may be missed by MOUNT_ONE, too. */
static int open_source(struct mount_job *job, struct err *e)
{
	const struct conf_mount *m = job->m;

	job->tree_fd = clone_source(m);
	if (job->tree_fd >= 0 ||
	    (job->tree_fd == -ENOENT && m->extra & MOUNT_OPTIONAL))
		return 0;
	err_set(e, job->tree_fd, "bind %s", m->source);
	return job->tree_fd == -EPERM && m->extra & MOUNT_IDMAP ? hint_idmap(e)
								: job->tree_fd;
}

static int mounts_apply(const struct op *op, struct run *r, struct err *e)
{
	struct mount_job *job = (struct mount_job *)(uintptr_t)op->arg;
	const struct all *all = op->arg;
	int ret;

	if (op->kind == MOUNT_EARLY)
		return mount_early(all->jobs, all->n, r, e);
	if (op->kind == MOUNT_OPEN)
		return open_source(job, e);
	ret = op->kind == MOUNT_SHIFT ? shift(job, e) : mount_one(job, r, e);
	if (ret == -ENOENT && job->m->extra & MOUNT_OPTIONAL)
		return 0;
	return ret < 0 ? err_ctx(e, ret, "%s", job->m->destination) : 0;
}

static void mounts_undo(const struct op *op, struct run *r)
{
	struct mount_job *job = (struct mount_job *)(uintptr_t)op->arg;

	(void)r;
	if (op->kind == MOUNT_OPEN && job->tree_fd >= 0)
		close(TAKE_FD(job->tree_fd));
	if (op->kind == MOUNT_SHIFT && job->userns_fd >= 0)
		close(TAKE_FD(job->userns_fd));
}

struct shown {
	uint64_t bits;
	const char *word;
};

static void show_words(uint64_t have, const struct shown *words, size_t n,
		       FILE *out)
{
	for (size_t i = 0; i < n; i++)
		if ((have & words[i].bits) == words[i].bits)
			fprintf(out, ", %s", words[i].word);
}

static void show_options(const struct conf_mount *m, FILE *out)
{
	static const struct shown flags[] = {
		{ MS_RDONLY, "read-only" },
		{ MS_NOSUID, "nosuid" },
		{ MS_NODEV, "nodev" },
		{ MS_NOEXEC, "noexec" },
	};
	static const struct shown recursive[] = {
		{ MOUNT_ATTR_RDONLY, "read-only to the bottom" },
		{ MOUNT_ATTR_NOSUID, "nosuid to the bottom" },
		{ MOUNT_ATTR_NODEV, "nodev to the bottom" },
		{ MOUNT_ATTR_NOEXEC, "noexec to the bottom" },
	};
	static const struct shown extra[] = {
		{ MOUNT_IDMAP, "ids mapped" },
		{ MOUNT_TMPCOPYUP, "filled with what it covers" },
	};
	static const struct shown propagation[] = {
		{ MS_SHARED, "shared" },
		{ MS_SLAVE, "slave" },
		{ MS_UNBINDABLE, "unbindable" },
	};

	show_words(m->flags, flags, ARRAY_SIZE(flags), out);
	show_words(m->rec_set, recursive, ARRAY_SIZE(recursive), out);
	show_words(m->extra, extra, ARRAY_SIZE(extra), out);
	show_words(m->propagation, propagation, ARRAY_SIZE(propagation), out);
	if (m->data && *m->data)
		fprintf(out, ", %s", m->data);
}

static void show_early(const struct all *all, FILE *out)
{
	fprintf(out, "make beside the child:");
	for (size_t i = 0; i < all->n; i++)
		if (all->jobs[i]->early)
			fprintf(out, " %s", all->jobs[i]->m->destination);
}

static void mounts_show(const struct op *op, FILE *out)
{
	const struct mount_job *job = op->arg;
	const struct conf_mount *m = job->m;

	if (op->kind == MOUNT_EARLY) {
		show_early(op->arg, out);
		return;
	}
	if (op->kind == MOUNT_OPEN) {
		fprintf(out, "open %s before the user namespace is entered",
			m->source);
		return;
	}
	if (op->kind == MOUNT_SHIFT) {
		fprintf(out, "map the ids of %s",
			is_bind(m) ? m->source : m->destination);
		return;
	}
	fprintf(out, "%s on %s",
		is_bind(m) ? m->source
		: m->type  ? m->type
			   : "?",
		m->destination);
	show_options(m, out);
	if (mount_label(job->conf, m))
		fprintf(out, ", labelled %s", mount_label(job->conf, m));
}

const struct brick brick_mounts = {
	.name = "mounts",
	.plan = mounts_plan,
	.apply = mounts_apply,
	.undo = mounts_undo,
	.show = mounts_show,
};
