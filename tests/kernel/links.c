/* SPDX-License-Identifier: Apache-2.0 */
/* Moving an interface into a namespace with a name that is taken there fails,
 * but it has been moved (the kernel renames afterwards): why bricks/net.c looks
 * for the name first and chooses the number. */
#include "kernel.h"

#include "net/link.h"
#include "net/netlink.h"

#include <linux/rtnetlink.h>
#include <linux/veth.h>

static int make_veth(int sock, const char *name, const char *peer)
{
	const struct ifinfomsg info = { 0 };
	struct nl_msg m;
	size_t a, b, c;

	nl_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nl_put(&m, &info, sizeof(info));
	nl_attr_str(&m, IFLA_IFNAME, name);
	a = nl_nest(&m, IFLA_LINKINFO);
	nl_attr_str(&m, IFLA_INFO_KIND, "veth");
	b = nl_nest(&m, IFLA_INFO_DATA);
	c = nl_nest(&m, VETH_INFO_PEER);
	nl_put(&m, &info, sizeof(info));
	nl_attr_str(&m, IFLA_IFNAME, peer);
	nl_nest_end(&m, c);
	nl_nest_end(&m, b);
	nl_nest_end(&m, a);
	return nl_talk(sock, &m);
}

static int moved_all_the_same(void)
{
	struct link l, there;
	int here, over, ns_here, ns_there;

	if (enter_userns() < 0 || unshare(CLONE_NEWNET) < 0)
		return SKIP_STATUS;
	over = nl_open(NULL);
	ns_there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (make_veth(over, "lan0", "lan1") < 0)
		return 1;
	if (unshare(CLONE_NEWNET) < 0)
		return 2;
	here = nl_open(NULL);
	ns_here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (make_veth(here, "eth7", "eth8") < 0 || link_find(here, "eth7", 0, &l, NULL) < 0)
		return 3;
	if (link_move(here, l.index, ns_there, "lan0", 77, NULL) != -EEXIST)
		return 4;
	if (link_find(here, "eth7", 0, &l, NULL) != -ENODEV)
		return 5; /* a kernel that does better: no harm */
	if (link_find(over, NULL, 77, &there, NULL) < 0)
		return 6;
	if (link_move(over, 77, ns_here, "eth7", 0, NULL) < 0)
		return 7;
	return link_find(here, "eth7", 0, &l, NULL) < 0 ? 8 : 0;
}

static void a_refused_name_does_not_stop_the_move(void)
{
	int r = in_child(moved_all_the_same);

	if (r == 5)
		printf("# this kernel leaves the interface where it was\n");
	CHECK(r == 0 || r == 5);
}

int main(void)
{
	TEST(a_refused_name_does_not_stop_the_move);
	return tap_end();
}
