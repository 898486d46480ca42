/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/devices.c - /dev: the nodes that every container has, those it asked
 * for, and the customary symlinks.
 *
 * /dev is opened once, without following any symlink (CVE-2026-41579,
 * CVE-2026-47766: an image whose /dev is a symlink had nodes made on the host),
 * and every node is made relative to that fd, never over what is there. In a
 * user namespace nobody may make nodes: the host's own is bound instead, after
 * its fd has proved to be the device that was meant.
 *
 * A /dev that is bound from the host is the caller's business: nothing is made
 * in it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DEVICES_EARLY, DEVICES_NODES, DEVICES_LINKS };

/* runtime-spec, config-linux.md, "Default Devices"; /dev/ptmx and /dev/console
 * are a symlink and the terminal's. */
static const struct conf_device defaults[] = {
	{ "/dev/null", 'c', 1, 3, 0666, 0, 0 },
	{ "/dev/zero", 'c', 1, 5, 0666, 0, 0 },
	{ "/dev/full", 'c', 1, 7, 0666, 0, 0 },
	{ "/dev/random", 'c', 1, 8, 0666, 0, 0 },
	{ "/dev/urandom", 'c', 1, 9, 0666, 0, 0 },
	{ "/dev/tty", 'c', 5, 0, 0666, 0, 0 },
};

static const struct {
	const char *text, *name;
} links[] = {
	{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
	{ "/proc/kcore", "core" },
};

static bool is_dev_bound(const struct conf *c)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct conf_mount *m = &c->mounts[i];
		size_t n = strlen(m->destination);

		while (n > 1 && m->destination[n - 1] == '/')
			n--;
		if (n == 4 && strncmp(m->destination, "/dev", 4) == 0 &&
		    ((m->flags & MS_BIND) || !m->type ||
		     strcmp(m->type, "bind") == 0))
			return true;
	}
	return false;
}

static int devices_plan(const struct conf *c, const struct host *h,
			struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_devices,
			 .phase = PHASE_BUILD,
			 .fd = -EBADF,
			 .kind = DEVICES_NODES,
			 .arg = c };
	int r;

	if (is_dev_bound(c))
		return 0;
	/* A user namespace of any kind may not make nodes. */
	op.num = c->ns[NS_USER].mode != PART_OFF || h->in_userns;
	r = plan_add(p, op, e);
	op.kind = DEVICES_LINKS;
	if (r == 0)
		r = plan_add(p, op, e);
	op.kind = DEVICES_EARLY;
	op.phase = PHASE_BESIDE;
	/* In the /dev that the supervisor makes, if it makes one. */
	return r == 0 && !op.num ? plan_add(p, op, e) : r;
}

static int open_dev(const struct run *r, struct err *e)
{
	int fd = sys_open_in(r->root_fd, "dev", O_PATH | O_DIRECTORY, 0,
			     RESOLVE_NO_SYMLINKS);

	if (fd == -ENOENT && mkdirat(r->root_fd, "dev", 0755) == 0)
		fd = sys_open_in(r->root_fd, "dev", O_PATH | O_DIRECTORY, 0,
				 RESOLVE_NO_SYMLINKS);
	if (fd == -ELOOP || fd == -ENOTDIR) {
		err_plain(e, fd, "/dev of the image is no directory");
		return err_hint(e, fd,
				"add a tmpfs on /dev to the image's mounts, or "
				"mend the image");
	}
	return fd < 0 ? err_set(e, fd, "open /dev of the container") : fd;
}

static mode_t type_of(const struct conf_device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_same(const struct stat *st, const struct conf_device *d)
{
	return (st->st_mode & S_IFMT) == type_of(d) &&
	       (d->type == 'p' || st->st_rdev == makedev(d->major, d->minor));
}

/* The host's node, cloned, proved to be the device that is meant. */
static int clone_node(const struct conf_device *d, struct err *e)
{
	auto_fd int tree = sys_open_tree(AT_FDCWD, d->path,
					 OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW);
	struct stat st;
	int r;

	if (tree < 0)
		return err_set(e, tree, "bind the host's %s", d->path);
	if (fstat(tree, &st) < 0)
		return err_sys(e, "stat the host's %s", d->path);
	if (!is_same(&st, d))
		return err_plain(e, -ENODEV,
				 "the host's %s is not device %u:%u", d->path,
				 d->major, d->minor);
	r = sys_mount_setattr(tree, 0, 0, 0, MS_PRIVATE, -1);
	return r < 0 ? err_set(e, r, "cut %s off from the host's", d->path)
		     : TAKE_FD(tree);
}

static int bind_node(int dir_fd, const char *name, const struct conf_device *d,
		     struct err *e)
{
	auto_fd int tree = clone_node(d, e), target = -EBADF;
	int r;

	if (tree < 0)
		return tree;
	target = openat(dir_fd, name,
			O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
			0666);
	if (target < 0 && errno == EEXIST)
		target = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "make %s", d->path);
	r = sys_move_mount(tree, target);
	return r < 0 ? err_set(e, r, "mount %s", d->path) : 0;
}

static int make_node(int dir_fd, const char *name, const struct conf_device *d,
		     struct err *e)
{
	struct stat st;

	if (mknodat(dir_fd, name, type_of(d) | (d->mode & 07777),
		    makedev(d->major, d->minor)) < 0) {
		if (errno != EEXIST)
			return err_sys(e, "make %s", d->path);
		/* The image's own, in a /dev that is no mount of ours: it must
		 * be what it claims to be, and no symlink to elsewhere. */
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "stat %s", d->path);
		if (!is_same(&st, d))
			return err_plain(e, -EEXIST,
					 "%s of the image is not device %u:%u",
					 d->path, d->major, d->minor);
		return 0;
	}
	if ((d->uid || d->gid) &&
	    fchownat(dir_fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "give %s to %u:%u", d->path, d->uid, d->gid);
	return 0;
}

/* Straight in /dev, not in a directory of it or elsewhere? */
static bool is_in_dev(const struct conf_device *d)
{
	const char *name = d->path + strlen("/dev/");

	return strncmp(d->path, "/dev/", 5) == 0 && *name && !strchr(name, '/');
}

static int make_one(const struct op *op, const struct run *r, int dev_fd,
		    const struct conf_device *d, struct err *e)
{
	auto_fd int parent = -EBADF;
	const char *name = d->path + strlen("/dev/");
	int dir_fd = dev_fd;

	if (is_in_dev(d) ? r->made & MADE_DEV_NODES
			 : op->kind == DEVICES_EARLY)
		return 0; /* was made early, or cannot be */
	if (!is_in_dev(d)) {
		parent = sys_parent_in(r->root_fd, d->path, 0755, true, &name);
		if (parent < 0)
			return err_set(e, parent, "make the parent of %s",
				       d->path);
		dir_fd = parent;
	}
	if (op->num && d->type != 'p')
		return bind_node(dir_fd, name, d, e);
	return make_node(dir_fd, name, d, e);
}

/* A default that the configuration has, too, is the configuration's. */
static bool is_listed(const struct conf *c, const char *path)
{
	for (size_t i = 0; i < c->n_devices; i++)
		if (strcmp(c->devices[i].path, path) == 0)
			return true;
	return false;
}

static int make_nodes(const struct op *op, struct run *r, int dev_fd,
		      struct err *e)
{
	const struct conf *c = op->arg;
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(defaults) && ret == 0; i++)
		if (!is_listed(c, defaults[i].path))
			ret = make_one(op, r, dev_fd, &defaults[i], e);
	for (size_t i = 0; i < c->n_devices && ret == 0; i++) {
		ret = make_one(op, r, dev_fd, &c->devices[i], e);
		if (ret < 0)
			err_ctx(e, ret, "linux.devices[%zu]", i);
	}
	return ret;
}

static int link_ptmx(int dev_fd, struct err *e)
{
	if (symlinkat("pts/ptmx", dev_fd, "ptmx") < 0)
		return err_sys(e, "make the symlink /dev/ptmx");
	return 0;
}

static int make_customary(int dev_fd, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].text, dev_fd, links[i].name) < 0 &&
		    errno != EEXIST)
			return err_sys(e, "make the symlink /dev/%s",
				       links[i].name);
	return 0;
}

static int make_links(int dev_fd, struct err *e)
{
	int r = make_customary(dev_fd, e);
	struct stat st;

	if (r < 0)
		return r;
	/* A ptmx of the image (or of a devtmpfs) would be the host's. */
	if (fstatat(dev_fd, "pts", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (unlinkat(dev_fd, "ptmx", 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove the image's /dev/ptmx");
	return link_ptmx(dev_fd, e);
}

/* The links only when the devpts is there that ptmx leads to. */
static int make_early(const struct op *op, struct run *r, struct err *e)
{
	int dev_fd = r->trees[TREE_DEV], ret;

	if (dev_fd < 0)
		return 0;
	ret = make_nodes(op, r, dev_fd, e);
	if (ret < 0)
		return ret;
	r->made |= MADE_DEV_NODES;
	if (!(r->made & MADE_DEV_PTS))
		return 0;
	ret = make_customary(dev_fd, e);
	if (ret == 0)
		ret = link_ptmx(dev_fd, e);
	if (ret == 0)
		r->made |= MADE_DEV_LINKS;
	return ret;
}

static bool has_more(const struct conf *c)
{
	for (size_t i = 0; i < c->n_devices; i++)
		if (!is_in_dev(&c->devices[i]))
			return true;
	return false;
}

static int devices_apply(const struct op *op, struct run *r, struct err *e)
{
	auto_fd int dev_fd = -EBADF;

	int ret;

	if (op->kind == DEVICES_EARLY)
		return make_early(op, r, e);
	ret = run_trees(r, e);
	if (ret < 0)
		return ret;
	if (op->kind == DEVICES_LINKS ? r->made & MADE_DEV_LINKS
				      : r->made & MADE_DEV_NODES &&
						!has_more(op->arg))
		return 0;
	dev_fd = open_dev(r, e);
	if (dev_fd < 0)
		return dev_fd;
	return op->kind == DEVICES_NODES ? make_nodes(op, r, dev_fd, e)
					 : make_links(dev_fd, e);
}

static void devices_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;

	if (op->kind == DEVICES_EARLY) {
		fprintf(out, "the same, in a /dev made beside the child");
		return;
	}
	if (op->kind == DEVICES_LINKS) {
		fprintf(out, "symlinks fd, stdin, stdout, stderr, core, ptmx");
		return;
	}
	fprintf(out, "%s null, zero, full, random, urandom, tty",
		op->num ? "bind" : "make");
	for (size_t i = 0; i < c->n_devices; i++)
		fprintf(out, ", %s", c->devices[i].path);
}

const struct brick brick_devices = {
	.name = "devices",
	.plan = devices_plan,
	.apply = devices_apply,
	.show = devices_show,
};
