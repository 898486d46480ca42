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
 * born in, so PHASE_JOIN does it in the process in between (plan/plan.h). So it
 * does with the others when there is a user namespace, joined or own: behind it
 * there are no rights left over namespaces that belong to the host, as a network
 * that an engine has set up does. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <unistd.h>

enum { NS_ENTER, NS_UNSHARE };

static bool is_late(const struct conf *c, enum ns_kind kind)
{
	return kind == NS_CGROUP || kind == NS_TIME ||
	       (kind == NS_NET && c->n_netdevs == 0);
}

/* Paths in a mount namespace are somebody else's: all of ENTER that still looks
 * at the host has to be through. */
static enum phase phase_of(const struct conf *c, enum ns_kind kind)
{
	enum part_mode user = c->ns[NS_USER].mode;

	if (kind == NS_MNT)
		return PHASE_BUILD;
	if (kind == NS_CGROUP && user == PART_JOIN)
		return PHASE_ENTER;
	return user != PART_OFF || kind == NS_PID ? PHASE_JOIN : PHASE_ENTER;
}

static int plan_join(const struct conf *c, enum ns_kind kind, struct plan *p,
		     struct err *e)
{
	const struct op op = { .brick = &brick_ns,
			       .kind = NS_ENTER,
			       .phase = phase_of(c, kind),
			       .fd = c->ns[kind].fd,
			       .num = kind,
			       .str = c->ns[kind].path };

	return c->ns[kind].mode == PART_JOIN ? plan_add(p, op, e) : 0;
}

/* To enter a namespace one needs rights over its owner, a user namespace. Who
 * has them here has them below, too, so the user namespace comes last; others
 * get them by entering it first. */
static int plan_joins(const struct conf *c, const struct host *h,
		      struct plan *p, struct err *e)
{
	static const enum ns_kind others[] = { NS_PID, NS_NET,	  NS_IPC, NS_UTS,
					       NS_TIME, NS_CGROUP, NS_MNT };
	bool is_last = h->caps & 1ULL << CAP_SYS_ADMIN;
	int r = is_last ? 0 : plan_join(c, NS_USER, p, e);

	for (size_t i = 0; i < ARRAY_SIZE(others) && r == 0; i++)
		r = plan_join(c, others[i], p, e);
	return r == 0 && is_last ? plan_join(c, NS_USER, p, e) : r;
}

static int ns_plan(const struct conf *c, const struct host *h, struct plan *p,
		   struct err *e)
{
	struct op op = { .brick = &brick_ns,
			 .phase = PHASE_ENTER,
			 .kind = NS_UNSHARE,
			 .fd = -EBADF };
	struct op net = op;
	int r = plan_joins(c, h, p, e);

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
