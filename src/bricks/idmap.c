/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/idmap.c - which ids of the host the container's ids are.
 *
 * The supervisor writes the child's uid_map and gid_map (PHASE_ATTACH), each
 * once and for all: user_namespaces(7). Three ways, chosen by plan():
 *  - a caller with CAP_SETUID and CAP_SETGID writes any map;
 *  - an ordinary user may map the one id that is its own, if setgroups() is
 *    given up first (else a user could drop a group that denies it something);
 *  - any other map of an ordinary user is written by newuidmap and newgidmap,
 *    which check /etc/subuid and /etc/subgid. They get an empty environment.
 * Then the child becomes root of the namespace, so that what it makes belongs
 * to somebody inside. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IDMAP_DENY_GROUPS, IDMAP_WRITE, IDMAP_HELPER, IDMAP_BE_ROOT };
/* op.num of IDMAP_WRITE and IDMAP_HELPER */
enum { MAP_UID, MAP_GID };

enum { MAX_LINES = 340 /* the kernel's own limit */, LINE_SIZE = 36 };

static bool has_cap(const struct host *h, int cap)
{
	return h->caps & 1ULL << cap;
}

static bool is_single(const struct conf_idmap *m, size_t n, uint32_t own)
{
	return n == 1 && m->size == 1 && m->host_id == own;
}

static int plan_one(struct plan *p, const struct conf *c, int which,
		    bool direct, struct err *e)
{
	const struct op op = { .brick = &brick_idmap,
			       .phase = PHASE_ATTACH,
			       .kind = direct ? IDMAP_WRITE : IDMAP_HELPER,
			       .fd = -EBADF,
			       .num = (uint64_t)which,
			       .arg = &c->idmaps };

	return plan_add(p, op, e);
}

static int idmap_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	const struct conf_idmaps *m = &c->idmaps;
	const struct op deny = { .brick = &brick_idmap,
				 .phase = PHASE_ATTACH,
				 .kind = IDMAP_DENY_GROUPS,
				 .fd = -EBADF };
	const struct op be_root = { .brick = &brick_idmap,
				    .phase = PHASE_ENTER,
				    .kind = IDMAP_BE_ROOT,
				    .fd = -EBADF };
	bool uid_direct =
		has_cap(h, CAP_SETUID) || is_single(m->uid, m->n_uid, h->euid);
	bool gid_any = has_cap(h, CAP_SETGID);
	bool gid_single = is_single(m->gid, m->n_gid, h->egid);
	int r = 0;

	if (c->ns[NS_USER].mode == PART_JOIN)
		return plan_add(p, be_root, e);
	if (c->ns[NS_USER].mode == PART_OFF)
		return 0;
	if (m->n_uid == 0 || m->n_gid == 0)
		return err_input(e,
				 "linux.%s: missing, but the container has a "
				 "user namespace",
				 m->n_uid ? "gidMappings" : "uidMappings");
	if (m->n_uid > MAX_LINES || m->n_gid > MAX_LINES)
		return err_input(e,
				 "linux.uidMappings, gidMappings: more than %d",
				 MAX_LINES);
	if (!gid_any && gid_single)
		r = plan_add(p, deny, e);
	/* The groups first: newuidmap does not need them, but a uid_map that is
	 * there makes the gid_map's rules stricter. */
	if (r == 0)
		r = plan_one(p, c, MAP_GID, gid_any || gid_single, e);
	if (r == 0)
		r = plan_one(p, c, MAP_UID, uid_direct, e);
	return r < 0 ? r : plan_add(p, be_root, e);
}

static size_t get_map(const struct op *op, const struct conf_idmap **ret)
{
	const struct conf_idmaps *m = op->arg;

	*ret = op->num == MAP_UID ? m->uid : m->gid;
	return op->num == MAP_UID ? m->n_uid : m->n_gid;
}

static int write_map(const struct op *op, pid_t pid, struct err *e)
{
	const char *name = op->num == MAP_UID ? "uid_map" : "gid_map";
	char path[64], text[MAX_LINES * LINE_SIZE];
	const struct conf_idmap *m;
	size_t n = get_map(op, &m), len = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%u %u %u\n", m[i].container_id,
					m[i].host_id, m[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	r = sys_write_file(AT_FDCWD, path, text);
	if (r < 0)
		return err_set(e, r, "linux.%sMappings: write the child's %s",
			       op->num == MAP_UID ? "uid" : "gid", name);
	return 0;
}

struct helper {
	const char *name;
	char numbers[3 * MAX_LINES + 1][12];
	char *argv[3 * MAX_LINES + 3];
};

static void add_number(struct helper *h, size_t *n, uint32_t number)
{
	snprintf(h->numbers[*n], sizeof(h->numbers[*n]), "%u", number);
	h->argv[*n + 1] = h->numbers[*n];
	(*n)++;
}

static void fill(struct helper *h, const struct op *op, pid_t pid)
{
	const struct conf_idmap *m;
	size_t n = get_map(op, &m), k = 0;

	h->name = op->num == MAP_UID ? "newuidmap" : "newgidmap";
	h->argv[0] = (char *)(uintptr_t)h->name;
	add_number(h, &k, (uint32_t)pid);
	for (size_t i = 0; i < n; i++) {
		add_number(h, &k, m[i].container_id);
		add_number(h, &k, m[i].host_id);
		add_number(h, &k, m[i].size);
	}
	h->argv[k + 1] = NULL;
}

static _Noreturn void become(const struct helper *h)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin",
					    "/bin", "/usr/sbin",
					    "/run/wrappers/bin" };
	char path[64], *none[] = { NULL };

	(void)sys_cloexec_range(3, ~0U);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], h->name);
		execve(path, h->argv, none);
	}
	_exit(127);
}

static int run_helper(const struct op *op, pid_t child, struct err *e)
{
	const struct sys_clone plain = { 0 };
	auto_fd int pidfd = -EBADF;
	struct helper h;
	int status = 0;
	pid_t pid, ended;

	fill(&h, op, child);
	pid = sys_clone3(&plain, &pidfd);
	if (pid == 0)
		become(&h);
	if (pid < 0)
		return err_set(e, pid, "fork for %s", h.name);
	do
		ended = waitpid(pid, &status, __WALL);
	while (ended < 0 && errno == EINTR);
	/* Somebody who ignores SIGCHLD gets no status: that is no success. */
	if (ended < 0)
		return err_sys(e, "wait for %s", h.name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		err_plain(e, -ENOENT, "%s: not found", h.name);
		return err_hint(
			e, -ENOENT,
			"install the package uidmap, or map only your own id");
	}
	err_plain(e, -EPERM, "%s refused the mapping", h.name);
	return err_hint(e, -EPERM,
			"give your user a range in /etc/sub%cid that holds it",
			op->num == MAP_UID ? 'u' : 'g');
}

/* Raw calls: the C library's would look for threads to tell. What is not
 * mapped (EINVAL) stays as it is: all rights are there just the same. */
static int be_root(const struct run *r, struct err *e)
{
	if (!r->conf->keep_groups && syscall(SYS_setgroups, 0, NULL) < 0 &&
	    errno != EPERM && errno != EINVAL)
		return err_sys(e, "drop the caller's groups");
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "become group 0 of the user namespace");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "become user 0 of the user namespace");
	return 0;
}

static int idmap_apply(const struct op *op, struct run *r, struct err *e)
{
	char path[64];
	int ret;

	switch (op->kind) {
	case IDMAP_DENY_GROUPS:
		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)r->pid);
		ret = sys_write_file(AT_FDCWD, path, "deny");
		return ret < 0 ? err_set(e, ret, "give up setgroups") : 0;
	case IDMAP_WRITE:
		return write_map(op, r->pid, e);
	case IDMAP_HELPER:
		return run_helper(op, r->pid, e);
	}
	return be_root(r, e);
}

static void idmap_show(const struct op *op, FILE *out)
{
	const struct conf_idmap *m;
	size_t n;

	if (op->kind == IDMAP_DENY_GROUPS) {
		fprintf(out, "setgroups denied");
		return;
	}
	if (op->kind == IDMAP_BE_ROOT) {
		fprintf(out, "become root of the user namespace");
		return;
	}
	n = get_map(op, &m);
	fprintf(out, "%s%s:", op->num == MAP_UID ? "uids" : "gids",
		op->kind == IDMAP_HELPER
			? (op->num == MAP_UID ? " by newuidmap"
					      : " by newgidmap")
			: "");
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s %u-%u are %u-%u", i ? "," : "",
			m[i].container_id, m[i].container_id + m[i].size - 1,
			m[i].host_id, m[i].host_id + m[i].size - 1);
}

const struct brick brick_idmap = {
	.name = "ids",
	.plan = idmap_plan,
	.apply = idmap_apply,
	.show = idmap_show,
};
