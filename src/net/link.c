/* SPDX-License-Identifier: Apache-2.0 */
/* net/link.c - network interfaces: find, move, rename, up; their addresses. */
#include "net/link.h"

#include "base/err.h"
#include "base/scope.h"
#include "net/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef IFLA_NEW_IFINDEX
#define IFLA_NEW_IFINDEX 49
#endif

bool link_is_name(const char *name, bool is_template)
{
	size_t n = strlen(name), templates = 0;

	if (n == 0 || n >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p <= ' ' || *p == 0x7f || *p == '/' || *p == ':')
			return false;
		if (*p == '%' && (p[1] != 'd' || !is_template || ++templates > 1))
			return false;
	}
	return true;
}

/* Any socket has the ioctls of the interfaces; a unix one is there in every
 * kernel and the cheapest to make.
 *
 * syscalls: socket ioctl */
int link_loopback_up(struct err *e)
{
	auto_exec_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo" };

	if (fd < 0)
		return err_sys(e, "open a socket");
	req.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return err_sys(e, "bring the loopback interface up");
	return 0;
}

static int take_link(uint16_t type, const void *data, size_t n, void *arg)
{
	struct link *l = arg;
	struct ifinfomsg info;
	struct nl_attr a;
	const void *body = data;

	if (type != RTM_NEWLINK || !nl_skip(&data, &n, sizeof(info)))
		return -EPROTO;
	memcpy(&info, body, sizeof(info));
	l->index = info.ifi_index;
	l->is_up = info.ifi_flags & IFF_UP;
	while (nl_next(&data, &n, &a))
		if (a.type == IFLA_IFNAME && a.n > 0 && a.n <= sizeof(l->name)) {
			memcpy(l->name, a.data, a.n);
			l->name[a.n - 1] = '\0';
		}
	return 0;
}

int link_find(int sock, const char *name, int index, struct link *ret, struct err *e)
{
	const struct ifinfomsg info = { .ifi_index = name ? 0 : index };
	struct nl_msg m;
	int r;

	*ret = (struct link){ 0 };
	nl_begin(&m, RTM_GETLINK, 0);
	nl_put(&m, &info, sizeof(info));
	if (name)
		nl_attr_str(&m, IFLA_IFNAME, name);
	r = nl_ask(sock, &m, take_link, ret);
	if (r == 0 && ret->index <= 0)
		r = -ENODEV;
	if (r == 0)
		return 0;
	return name ? err_set(e, r, "find network interface %s", name)
		    : err_set(e, r, "find network interface number %d", index);
}

int link_move(int sock, int index, int ns_fd, const char *name, int new_index,
	      struct err *e)
{
	const struct ifinfomsg info = { .ifi_index = index };
	struct nl_msg m;
	int r;

	nl_begin(&m, RTM_NEWLINK, 0);
	nl_put(&m, &info, sizeof(info));
	nl_attr_u32(&m, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	nl_attr_str(&m, IFLA_IFNAME, name);
	if (new_index > 0)
		nl_attr_u32(&m, IFLA_NEW_IFINDEX, (uint32_t)new_index);
	r = nl_talk(sock, &m);
	return r < 0 ? err_set(e, r, "move the network interface, as %s", name) : 0;
}

int link_set_up(int sock, int index, struct err *e)
{
	const struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP,
					.ifi_change = IFF_UP };
	struct nl_msg m;
	int r;

	nl_begin(&m, RTM_NEWLINK, 0);
	nl_put(&m, &info, sizeof(info));
	r = nl_talk(sock, &m);
	return r < 0 ? err_set(e, r, "bring the network interface up") : 0;
}

struct collect {
	unsigned index;
	struct link_addrs *addrs;
};

/* What is left out: cache times (permanent), statistics, and the IPv4 label,
 * which begins with the interface's old name. */
static bool is_kept(uint16_t type)
{
	return type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
	       type == IFA_FLAGS || type == IFA_RT_PRIORITY;
}

static int keep_attr(struct link_addr *to, const struct nl_attr *a)
{
	const struct nlattr head = { .nla_len = (uint16_t)(sizeof(head) + a->n),
				     .nla_type = a->type };
	size_t size = (sizeof(head) + a->n + 3) & ~(size_t)3;

	if (size > sizeof(to->attrs) - to->n)
		return -EMSGSIZE;
	memcpy(to->attrs + to->n, &head, sizeof(head));
	memcpy(to->attrs + to->n + sizeof(head), a->data, a->n);
	to->n += size;
	return 0;
}

static int take_addr(uint16_t type, const void *data, size_t n, void *arg)
{
	struct collect *c = arg;
	struct link_addr addr = { 0 };
	const void *body = data;
	uint32_t flags;
	struct nl_attr a;
	int r = 0;

	if (type != RTM_NEWADDR || !nl_skip(&data, &n, sizeof(addr.msg)))
		return -EPROTO;
	memcpy(&addr.msg, body, sizeof(addr.msg));
	flags = addr.msg.ifa_flags;
	while (r == 0 && nl_next(&data, &n, &a)) {
		if (a.type == IFA_FLAGS && a.n == sizeof(flags))
			memcpy(&flags, a.data, sizeof(flags));
		if (is_kept(a.type))
			r = keep_attr(&addr, &a);
	}
	if (r < 0 || addr.msg.ifa_index != c->index || !(flags & IFA_F_PERMANENT) ||
	    addr.msg.ifa_scope != RT_SCOPE_UNIVERSE)
		return r;
	if (c->addrs->n == LINK_ADDRS_MAX)
		return -E2BIG;
	c->addrs->v[c->addrs->n++] = addr;
	return 0;
}

int link_get_addrs(int sock, int index, struct link_addrs *ret, struct err *e)
{
	const struct ifaddrmsg want = { .ifa_index = (unsigned)index };
	struct collect c = { (unsigned)index, ret };
	struct nl_msg m;
	int r = -EAGAIN;

	for (int tries = 0; r == -EAGAIN && tries < 10; tries++) {
		ret->n = 0;
		nl_begin(&m, RTM_GETADDR, 0);
		nl_put(&m, &want, sizeof(want));
		r = nl_dump(sock, &m, take_addr, &c);
	}
	return r < 0 ? err_set(e, r, "read the addresses of network interface number %d", index) : 0;
}

int link_add_addrs(int sock, int index, const struct link_addrs *addrs, struct err *e)
{
	struct nl_msg m;

	for (size_t i = 0; i < addrs->n; i++) {
		const struct link_addr *a = &addrs->v[i];
		struct ifaddrmsg msg = a->msg;
		int r;

		msg.ifa_index = (unsigned)index;
		nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
		nl_put(&m, &msg, sizeof(msg));
		nl_put(&m, a->attrs, a->n);
		r = nl_talk(sock, &m);
		if (r < 0)
			return err_set(e, r, "give the network interface its address number %zu", i + 1);
	}
	return 0;
}
