/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/landlock.c - files, ports and signals that the process gives up.
 *
 * Theory of operation
 * -------------------
 * A Landlock rule names a file or a directory by an open fd, so the rules are
 * made where the paths mean what the user meant: inside the new root, when all
 * is mounted, masked and pivoted, still as root (PHASE_PIVOT). The set takes
 * effect after start (PHASE_SEAL), because it forbids mounting, and hooks of
 * the container shall run as they would without it. The fd between the two
 * stands in the plan's arena, in the child's copy of it.
 *
 * A kernel knows Landlock up to some version. What is asked for and not known
 * is an error, not a hole; with best_effort it is left out, and show() prints
 * what is left. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { LL_RULESET, LL_PATH, LL_CONNECT, LL_BIND, LL_RESTRICT };

/* What the ops of one plan share. */
struct rules {
	struct sys_landlock what;
	bool nnp; /* the process asked for no_new_privs */
	int fd;   /* from LL_RULESET to LL_RESTRICT */
};

static const char *const fs_names[] = {
	"execute", "write_file", "read_file", "read_dir", "remove_dir", "remove_file",
	"make_char", "make_dir", "make_reg", "make_sock", "make_fifo", "make_block",
	"make_sym", "refer", "truncate", "ioctl_dev",
};
static const char *const net_names[] = { "bind_tcp", "connect_tcp" };
static const char *const scope_names[] = { "abstract_unix_socket", "signal" };

/* First name of a bit that is set, for messages. */
static const char *name_of(uint64_t bits, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bits & 1ULL << i)
			return names[i];
	return "a right that is not known here";
}

/* Reduces *want to what is known, or says what is not. */
static int fit(uint64_t *want, uint64_t known, const char *const *names, size_t n,
	       const struct conf_landlock *ll, int abi, struct err *e)
{
	uint64_t missing = *want & ~known;

	*want &= known;
	if (!missing || ll->best_effort)
		return 0;
	err_plain(e, -EOPNOTSUPP, "landlock: this kernel (Landlock ABI %d) cannot restrict %s",
		  abi, name_of(missing, names, n));
	return err_hint(e, -EOPNOTSUPP, "leave it out, ask for best effort, or use a newer kernel");
}

static int fit_all(struct rules *rules, const struct conf_landlock *ll, int abi,
		   struct err *e)
{
	const struct sys_landlock known = sys_landlock_known(abi);
	int r;

	rules->what = (struct sys_landlock){ ll->handled_fs, ll->handled_net, ll->scoped };
	if (abi < 1 && !ll->best_effort) {
		err_plain(e, -EOPNOTSUPP, "landlock: this kernel has no Landlock");
		return err_hint(e, -EOPNOTSUPP, "boot with lsm=landlock,..., or ask for best effort");
	}
	r = fit(&rules->what.fs, known.fs, fs_names, ARRAY_SIZE(fs_names), ll, abi, e);
	if (r == 0)
		r = fit(&rules->what.net, known.net, net_names, ARRAY_SIZE(net_names), ll, abi, e);
	if (r == 0)
		r = fit(&rules->what.scoped, known.scoped, scope_names,
			ARRAY_SIZE(scope_names), ll, abi, e);
	return r;
}

static int plan_ports(struct plan *p, struct op op, int kind, const uint16_t *ports,
		      size_t n, struct err *e)
{
	int r = 0;

	op.kind = kind;
	for (size_t i = 0; i < n && r == 0; i++) {
		op.num = ports[i];
		r = plan_add(p, op, e);
	}
	return r;
}

/* A rule may only name what the set handles. */
static int plan_rules(struct plan *p, struct op op, const struct conf_landlock *ll,
		      const struct rules *rules, struct err *e)
{
	int r = 0;

	op.kind = LL_PATH;
	for (size_t i = 0; i < ll->n_paths && r == 0; i++) {
		if (ll->paths[i].access & ~ll->handled_fs)
			return err_input(e, "landlock: %s: the rule allows %s, which is not restricted",
					 ll->paths[i].path,
					 name_of(ll->paths[i].access & ~ll->handled_fs,
						 fs_names, ARRAY_SIZE(fs_names)));
		op.str = ll->paths[i].path;
		op.num = ll->paths[i].access & rules->what.fs;
		if (op.num)
			r = plan_add(p, op, e);
	}
	op.str = NULL;
	if (r == 0 && rules->what.net & LL_NET_CONNECT_TCP)
		r = plan_ports(p, op, LL_CONNECT, ll->connect_ports, ll->n_connect_ports, e);
	if (r == 0 && rules->what.net & LL_NET_BIND_TCP)
		r = plan_ports(p, op, LL_BIND, ll->bind_ports, ll->n_bind_ports, e);
	return r;
}

static int landlock_plan(const struct conf *c, const struct host *h, struct plan *p,
			 struct err *e)
{
	const struct conf_landlock *ll = &c->landlock;
	struct op op = { .brick = &brick_landlock, .phase = PHASE_PIVOT,
			 .kind = LL_RULESET, .fd = -EBADF };
	struct rules *rules;
	int r;

	if (!ll->given || !(ll->handled_fs | ll->handled_net | ll->scoped))
		return 0;
	rules = arena_new(p->arena, struct rules);
	if (!rules)
		return err_set(e, -ENOMEM, "landlock");
	*rules = (struct rules){ .fd = -EBADF, .nnp = c->process.no_new_privs };
	r = fit_all(rules, ll, h->landlock_abi, e);
	if (r < 0 || !(rules->what.fs | rules->what.net | rules->what.scoped))
		return r;
	op.arg = rules;
	r = plan_add(p, op, e);
	if (r == 0)
		r = plan_rules(p, op, ll, rules, e);
	op.phase = PHASE_SEAL;
	op.kind = LL_RESTRICT;
	return r < 0 ? r : plan_add(p, op, e);
}

/* The path is the user's, looked up in the container's root. */
static int allow_path(const struct op *op, int ruleset_fd, struct err *e)
{
	auto_fd int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = root < 0 ? -errno : sys_open_in(root, op->str, O_PATH, 0, 0);
	uint64_t access = op->num;
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(e, fd, "landlock: open %s", op->str);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "landlock: look at %s", op->str);
	if (!S_ISDIR(st.st_mode))
		access &= LL_FS_OF_FILE;
	if (!access)
		return 0;
	r = sys_landlock_allow_path(ruleset_fd, fd, access);
	return r < 0 ? err_set(e, r, "landlock: allow %s", op->str) : 0;
}

/* An ordinary user without a user namespace has to give new privileges up
 * first; PHASE_SEAL does so next in any case. */
static int restrict_self(struct rules *rules, struct err *e)
{
	int r = sys_landlock_restrict(rules->fd);

	if (r == -EPERM && rules->nnp && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		r = sys_landlock_restrict(rules->fd);
	if (r == -EPERM) {
		err_set(e, r, "landlock: put the rules in force");
		return err_hint(e, r, "set process.noNewPrivileges");
	}
	if (r < 0)
		return err_set(e, r, "landlock: put the rules in force");
	close(TAKE_FD(rules->fd));
	return 0;
}

static int landlock_apply(const struct op *op, struct run *r, struct err *e)
{
	struct rules *rules = (struct rules *)(uintptr_t)op->arg;
	int ret;

	(void)r;
	switch (op->kind) {
	case LL_RULESET:
		rules->fd = sys_landlock_ruleset(&rules->what);
		return rules->fd < 0 ? err_set(e, rules->fd, "landlock: make a set of rules") : 0;
	case LL_PATH:
		return allow_path(op, rules->fd, e);
	case LL_RESTRICT:
		return restrict_self(rules, e);
	}
	ret = sys_landlock_allow_port(rules->fd, (uint16_t)op->num,
				      op->kind == LL_BIND ? LL_NET_BIND_TCP
							  : LL_NET_CONNECT_TCP);
	return ret < 0 ? err_set(e, ret, "landlock: allow port %u", (unsigned)op->num) : 0;
}

static void show_bits(uint64_t bits, const char *const *names, size_t n, FILE *out)
{
	const char *between = "";

	for (size_t i = 0; i < n; i++) {
		if (!(bits & 1ULL << i))
			continue;
		fprintf(out, "%s%s", between, names[i]);
		between = ",";
	}
}

static void show_ruleset(const struct sys_landlock *what, FILE *out)
{
	fprintf(out, "restricts");
	if (what->fs) {
		fprintf(out, " files: ");
		show_bits(what->fs, fs_names, ARRAY_SIZE(fs_names), out);
	}
	if (what->net) {
		fprintf(out, "%s network: ", what->fs ? ";" : "");
		show_bits(what->net, net_names, ARRAY_SIZE(net_names), out);
	}
	if (what->scoped) {
		fprintf(out, "%s scope: ", what->fs | what->net ? ";" : "");
		show_bits(what->scoped, scope_names, ARRAY_SIZE(scope_names), out);
	}
}

static void landlock_show(const struct op *op, FILE *out)
{
	const struct rules *rules = op->arg;

	switch (op->kind) {
	case LL_RULESET:
		show_ruleset(&rules->what, out);
		break;
	case LL_PATH:
		fprintf(out, "allow %s: ", op->str);
		show_bits(op->num, fs_names, ARRAY_SIZE(fs_names), out);
		break;
	case LL_CONNECT:
	case LL_BIND:
		fprintf(out, "allow %s TCP port %" PRIu64,
			op->kind == LL_BIND ? "binding to" : "connecting to", op->num);
		break;
	case LL_RESTRICT:
		fprintf(out, "in force");
		break;
	}
}

const struct brick brick_landlock = {
	.name = "landlock",
	.plan = landlock_plan,
	.apply = landlock_apply,
	.show = landlock_show,
};
