/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/ns.c - which namespaces are the container's own, and whose it shares.
 *
 * OWN namespaces are made by clone3() itself, with three exceptions that the
 * child makes by unshare() in PHASE_ENTER, the last of them in PHASE_BEGIN:
 *  - cgroup: its root is the cgroup the process is in, so that has to be
 * entered first (which is why brick_cgroup stands before this one);
 *  - time: the offsets have to be written before anybody is in it;
 *  - network: the kernel takes longer for it than for all the others together,
 *    and the process that calls clone3() would wait. Made by the child, it is
 *    ready on one core while the supervisor works on the other. With interfaces
 *    to move in it has to be there before the child goes on, so clone3() makes
 *    it after all.
 * An own user namespace comes out of clone3() like the rest and owns them all:
 * the kernel makes it first, and those of unshare() come later.
 *
 * JOIN enters an open namespace file. A pid namespace is one that a process is
 * born in, and a user namespace gives the rights to enter the others: with
 * either, PHASE_JOIN does it in the process in between (plan/plan.h). */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

enum { NS_ENTER, NS_UNSHARE };

static bool is_late(const struct conf *c, enum ns_kind kind)
{
	return kind == NS_CGROUP || kind == NS_TIME ||
	       (kind == NS_NET && c->n_netdevs == 0);
}

/* The order in which joined namespaces are entered: the user namespace gives
 * the rights, the mount namespace takes the paths away. */
static const enum ns_kind join_order[] = {
	NS_USER, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_TIME, NS_CGROUP, NS_MNT,
};
_Static_assert(sizeof(join_order) / sizeof(join_order[0]) == NS_MAX_, "order");

static int plan_joins(const struct conf *c, struct plan *p, struct err *e)
{
	bool by_user = c->ns[NS_USER].mode == PART_JOIN;

	for (size_t i = 0; i < NS_MAX_; i++) {
		enum ns_kind k = join_order[i];
		struct op op = { .brick = &brick_ns,
				 .kind = NS_ENTER,
				 .phase = by_user || k == NS_PID ? PHASE_JOIN
								 : PHASE_ENTER,
				 .fd = c->ns[k].fd,
				 .num = k,
				 .str = c->ns[k].path };
		int r;

		if (c->ns[k].mode != PART_JOIN)
			continue;
		if (k == NS_CGROUP)
			op.phase = PHASE_ENTER;
		/* Paths in it are somebody else's: all of ENTER that still
		 * looks at the host's /proc has to be through (time, oom). */
		if (k == NS_MNT)
			op.phase = PHASE_BUILD;
		r = plan_add(p, op, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int ns_plan(const struct conf *c, const struct host *h, struct plan *p,
		   struct err *e)
{
	struct op op = { .brick = &brick_ns,
			 .phase = PHASE_ENTER,
			 .kind = NS_UNSHARE,
			 .fd = -EBADF };
	struct op net = op;
	int r = plan_joins(c, p, e);

	(void)h;
	if (r < 0)
		return r;
	for (int k = 0; k < NS_MAX_; k++) {
		if (c->ns[k].mode != PART_OWN)
			continue;
		if (k == NS_NET && is_late(c, NS_NET))
			net.num = ns_clone_flag(NS_NET);
		else if (is_late(c, (enum ns_kind)k))
			op.num |= ns_clone_flag((enum ns_kind)k);
		else
			p->clone_flags |= ns_clone_flag((enum ns_kind)k);
	}
	net.phase = PHASE_BEGIN;
	if (net.num)
		r = plan_add(p, net, e);
	return r == 0 && op.num ? plan_add(p, op, e) : r;
}

static int ns_apply(const struct op *op, struct run *r, struct err *e)
{
	int ret;

	(void)r;
	if (op->kind == NS_UNSHARE) {
		ret = sys_unshare(op->num);
		return ret < 0 ? err_set(e, ret, "make new namespaces") : 0;
	}
	ret = sys_setns(op->fd, (int)ns_clone_flag((enum ns_kind)op->num));
	if (ret < 0)
		return err_set(e, ret, "enter the %s namespace %s",
			       ns_name((enum ns_kind)op->num),
			       op->str ? op->str : "of the container");
	return 0;
}

static void show_flags(uint64_t flags, FILE *out)
{
	const char *between = "";

	for (int k = 0; k < NS_MAX_; k++) {
		if (!(flags & ns_clone_flag((enum ns_kind)k)))
			continue;
		fprintf(out, "%s%s", between, ns_name((enum ns_kind)k));
		between = ", ";
	}
}

static void ns_show(const struct op *op, FILE *out)
{
	if (op->kind == NS_UNSHARE) {
		fprintf(out, "own, made by the child: ");
		show_flags(op->num, out);
		return;
	}
	fprintf(out, "enter the %s namespace %s",
		ns_name((enum ns_kind)op->num),
		op->str ? op->str : "of the container");
}

const struct brick brick_ns = {
	.name = "namespaces",
	.plan = ns_plan,
	.apply = ns_apply,
	.show = ns_show,
};
