/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/creds.c - the user, the groups and the umask of the process.
 *
 * Raw system calls: a C library's setuid() would look for threads to tell.
 * Capabilities survive the change of user (keep-caps) until brick_caps, next in
 * the table, sets exactly those that were asked for; execve() clears the flag.
 */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CREDS_GROUPS, CREDS_IDS };
enum { DEFAULT_UMASK = 0022 };

static int creds_plan(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_creds,
			 .phase = PHASE_LOCK,
			 .kind = CREDS_GROUPS,
			 .fd = -EBADF,
			 .arg = c,
			 .num = h->is_rootless };
	int r = 0;

	if (!c->keep_groups)
		r = plan_add(p, op, e);
	op.kind = CREDS_IDS;
	return r < 0 ? r : plan_add(p, op, e);
}

static int set_groups(const struct op *op, struct err *e)
{
	const struct conf *c = op->arg;
	const struct conf_process *p = &c->process;

	if (syscall(SYS_setgroups, p->n_groups, p->groups) == 0)
		return 0;
	/* An ordinary user that maps only itself had to give setgroups() up:
	 * its groups stay, seen from inside as nobody's. */
	if (errno == EPERM && p->n_groups == 0 && op->num)
		return 0;
	err_sys(e, "process.user.additionalGids: set %zu groups", p->n_groups);
	if (errno == EPERM)
		return err_hint(e, -EPERM,
				"map a range of gids (newgidmap), or ask for "
				"no groups");
	return -errno;
}

static int set_ids(const struct conf_process *p, struct err *e)
{
	umask(p->has_umask ? p->umask : DEFAULT_UMASK);
	if (p->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over the change of user");
	if (syscall(SYS_setresgid, p->gid, p->gid, p->gid) < 0)
		return err_sys(e, "process.user.gid: become group %u", p->gid);
	if (syscall(SYS_setresuid, p->uid, p->uid, p->uid) < 0)
		return err_sys(e, "process.user.uid: become user %u", p->uid);
	return 0;
}

static int creds_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct conf *c = op->arg;

	(void)r;
	return op->kind == CREDS_GROUPS ? set_groups(op, e)
					: set_ids(&c->process, e);
}

static void creds_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;
	const struct conf_process *p = &c->process;

	if (op->kind == CREDS_IDS) {
		fprintf(out, "uid %u, gid %u, umask %04o", p->uid, p->gid,
			p->has_umask ? p->umask : DEFAULT_UMASK);
		return;
	}
	fprintf(out, p->n_groups ? "groups" : "no further groups");
	for (size_t i = 0; i < p->n_groups; i++)
		fprintf(out, " %u", p->groups[i]);
}

const struct brick brick_creds = {
	.name = "user",
	.plan = creds_plan,
	.apply = creds_apply,
	.show = creds_show,
};
