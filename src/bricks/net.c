/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/net.c - the loopback interface, and interfaces given to the container.
 *
 * In an own network namespace the child brings loopback up (PHASE_BEGIN); a
 * joined one is somebody else's to configure.
 *
 * linux.netDevices of runtime-spec 1.3: the supervisor moves an interface of
 * the host into the container's network namespace while the child waits
 * (PHASE_ATTACH), gives it its name there, its permanent global addresses again
 * (moving loses them), and brings it up. For the last two it needs a socket
 * that belongs to that namespace: it goes in, opens one and comes back.
 * It gets a number that is free over there, by which it is found again: a
 * template like "eth%d" is named by the kernel.
 *
 * undo moves it back as it was. What the interface becomes when the container
 * ends is the kernel's business: physical ones come back, virtual ones go. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "net/link.h"
#include "net/netlink.h"
#include "plan/run.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { NET_LOOPBACK, NET_MOVE };

/* What has to be known to move an interface back. */
struct moved {
	const struct conf_netdev *dev;
	int target_fd;           /* JOIN: the namespace; borrowed */
	int host_ns_fd;          /* ours, open from apply() to undo() */
	int host_sock, box_sock; /* the same */
	struct link host, box;
	struct link_addrs addrs;
};

static int plan_move(const struct conf *c, const struct conf_netdev *dev,
		     struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_net, .phase = PHASE_ATTACH, .kind = NET_MOVE,
			 .fd = -EBADF };
	const char *name = dev->new_name ? dev->new_name : dev->name;
	struct moved *m = arena_new(p->arena, struct moved);

	if (!m)
		return err_set(e, -ENOMEM, "network");
	if (!link_is_name(dev->name, false))
		return err_input(e, "linux.netDevices: \"%s\" is no name of an interface",
				 dev->name);
	if (!link_is_name(name, true))
		return err_input(e, "linux.netDevices.%s.name: \"%s\" is no name of an interface",
				 dev->name, name);
	m->dev = dev;
	m->target_fd = c->ns[NS_NET].mode == PART_JOIN ? c->ns[NS_NET].fd : -EBADF;
	m->host_ns_fd = m->host_sock = m->box_sock = -EBADF;
	op.arg = m;
	return plan_add(p, op, e);
}

static int net_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	const struct op lo = { .brick = &brick_net, .phase = PHASE_BEGIN,
			       .kind = NET_LOOPBACK, .fd = -EBADF };
	int r = 0;

	(void)h;
	if (c->n_netdevs && c->ns[NS_NET].mode == PART_OFF) {
		err_input(e, "linux.netDevices: the container has the host's network");
		return err_hint(e, -EINVAL, "add {\"type\": \"network\"} to linux.namespaces");
	}
	if (c->ns[NS_NET].mode == PART_OWN)
		r = plan_add(p, lo, e); /* BEGIN: whichever way it was made */
	for (size_t i = 0; i < c->n_netdevs && r == 0; i++)
		r = plan_move(c, &c->netdevs[i], p, e);
	return r;
}

/* A socket of the namespace behind ns_fd. Coming back cannot fail for somebody
 * who could leave, but a supervisor that did not come back must not go on. */
static int open_there(int ns_fd, int back_fd, struct err *e)
{
	int sock, r = sys_setns(ns_fd, CLONE_NEWNET);

	if (r < 0)
		return err_set(e, r, "enter the container's network namespace");
	sock = nl_open(e);
	r = sys_setns(back_fd, CLONE_NEWNET);
	if (r == 0)
		return sock;
	if (sock >= 0)
		close(sock);
	return err_set(e, r, "come back from the container's network namespace");
}

static int open_all(struct moved *m, const struct run *r, int *ret_ns_fd, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)r->pid);
	m->host_ns_fd = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (m->host_ns_fd < 0)
		return err_sys(e, "open /proc/self/ns/net");
	*ret_ns_fd = m->target_fd >= 0 ? fcntl(m->target_fd, F_DUPFD_CLOEXEC, 3)
				       : openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (*ret_ns_fd < 0)
		return err_sys(e, "open the container's network namespace");
	m->host_sock = nl_open(e);
	if (m->host_sock < 0)
		return m->host_sock;
	m->box_sock = open_there(*ret_ns_fd, m->host_ns_fd, e);
	return m->box_sock < 0 ? m->box_sock : 0;
}

/* A number that no interface over there has. */
static int free_index(int sock, int from, int *ret, struct err *e)
{
	struct link there;
	int r;

	while ((r = link_find(sock, NULL, from, &there, e)) == 0)
		from++;
	if (r != -ENODEV)
		return r;
	*ret = from;
	return 0;
}

static int take_name(struct moved *m, const char *name, struct err *e)
{
	struct link there;
	int r = strchr(name, '%') ? -ENODEV
				  : link_find(m->box_sock, name, 0, &there, e);

	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	err_set(e, -EEXIST, "move the network interface, as %s", name);
	return err_hint(e, -EEXIST,
			"the container's network has an interface of that "
			"name; give another or a template like eth%%d");
}

/* The kernel moves first and renames then, so a move that failed may have been
 * done all the same: from here on undo() looks for the number over there. */
static int move(struct moved *m, int ns_fd, struct err *e)
{
	const char *name = m->dev->new_name ? m->dev->new_name : m->dev->name;
	int index = 0, r;

	r = link_find(m->host_sock, m->dev->name, 0, &m->host, e);
	if (r == 0)
		r = link_get_addrs(m->host_sock, m->host.index, &m->addrs, e);
	if (r == 0)
		r = take_name(m, name, e);
	if (r == 0)
		r = free_index(m->box_sock, m->host.index, &index, e);
	if (r < 0)
		return r;
	m->box.index = index;
	r = link_move(m->host_sock, m->host.index, ns_fd, name, index, e);
	if (r == 0)
		r = link_find(m->box_sock, NULL, index, &m->box, e);
	if (r == 0)
		r = link_add_addrs(m->box_sock, index, &m->addrs, e);
	return r < 0 ? r : link_set_up(m->box_sock, index, e);
}

static void close_all(struct moved *m)
{
	int *const fds[] = { &m->host_ns_fd, &m->host_sock, &m->box_sock };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			close(TAKE_FD(*fds[i]));
}

static void net_undo(const struct op *op, struct run *r)
{
	struct moved *m = (struct moved *)(uintptr_t)op->arg;
	struct link back;

	(void)r;
	if (op->kind != NET_MOVE)
		return;
	if (m->box.index > 0 &&
	    link_move(m->box_sock, m->box.index, m->host_ns_fd, m->host.name, 0, NULL) == 0 &&
	    link_find(m->host_sock, m->host.name, 0, &back, NULL) == 0) {
		(void)link_add_addrs(m->host_sock, back.index, &m->addrs, NULL);
		if (m->host.is_up)
			(void)link_set_up(m->host_sock, back.index, NULL);
	}
	m->box.index = 0;
	close_all(m);
}

static int net_apply(const struct op *op, struct run *r, struct err *e)
{
	struct moved *m = (struct moved *)(uintptr_t)op->arg;
	auto_fd int ns_fd = -EBADF;
	int ret;

	if (op->kind == NET_LOOPBACK)
		return link_loopback_up(e);
	ret = open_all(m, r, &ns_fd, e);
	if (ret == 0)
		ret = move(m, ns_fd, e);
	if (ret == 0)
		return 0;
	net_undo(op, r);
	return err_ctx(e, ret, "linux.netDevices.%s", m->dev->name);
}

static void net_show(const struct op *op, FILE *out)
{
	const struct moved *m = op->arg;

	if (op->kind == NET_LOOPBACK) {
		fprintf(out, "loopback up");
		return;
	}
	fprintf(out, "move the host's %s in", m->dev->name);
	if (m->dev->new_name)
		fprintf(out, " as %s", m->dev->new_name);
}

const struct brick brick_net = {
	.name = "network",
	.plan = net_plan,
	.apply = net_apply,
	.undo = net_undo,
	.show = net_show,
};
