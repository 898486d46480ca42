/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netlink.h"

#include "net/link.h"
#include "tap.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* CVE-2021-43784: an attribute longer than its 16-bit length can say. */
static void an_attribute_that_is_too_long_is_never_sent(void)
{
	static char big[70000];
	struct nl_msg m;

	memset(big, 'a', sizeof(big) - 1);
	nl_begin(&m, RTM_NEWLINK, 0);
	nl_attr(&m, IFLA_IFNAME, big, 65532);
	CHECK(m.is_bad);
	nl_begin(&m, RTM_NEWLINK, 0);
	nl_attr_str(&m, IFLA_IFNAME, big);
	CHECK(m.is_bad);
	nl_begin(&m, RTM_NEWLINK, 0);
	nl_attr(&m, IFLA_IFNAME, big, SIZE_MAX - 2);
	CHECK(m.is_bad);
	CHECK_INT(nl_talk(-1, &m), -EMSGSIZE);
}

static void a_message_that_is_full_stays_bad(void)
{
	char data[100] = "";
	struct nl_msg m;
	size_t at;

	nl_begin(&m, RTM_NEWLINK, 0);
	at = nl_nest(&m, IFLA_LINKINFO);
	for (int i = 0; i < 100; i++)
		nl_attr(&m, 1, data, sizeof(data));
	CHECK(m.is_bad);
	nl_attr(&m, 1, data, 1);
	nl_nest_end(&m, at);
	CHECK(m.is_bad);
	CHECK(m.len <= sizeof(m.bytes));
	nl_begin(&m, RTM_NEWLINK, 0);
	CHECK(!m.is_bad);
}

static void attributes_nest_and_are_found_again(void)
{
	const void *data;
	struct nl_attr a;
	struct nl_msg m;
	size_t n, at;

	nl_begin(&m, RTM_NEWLINK, 0);
	nl_attr_u32(&m, 3, 7);
	at = nl_nest(&m, 4);
	nl_attr_str(&m, 5, "abc");
	nl_nest_end(&m, at);
	nl_attr_str(&m, 6, "");

	data = m.bytes + sizeof(m.head);
	n = m.len - sizeof(m.head);
	CHECK(nl_next(&data, &n, &a));
	CHECK_INT(a.type, 3);
	CHECK_INT(*(const uint32_t *)a.data, 7);
	CHECK(nl_next(&data, &n, &a));
	CHECK_INT(a.type, 4);
	{
		const void *inner = a.data;
		size_t inner_n = a.n;
		struct nl_attr b;

		CHECK(nl_next(&inner, &inner_n, &b));
		CHECK_INT(b.type, 5);
		CHECK_STR((const char *)b.data, "abc");
		CHECK(!nl_next(&inner, &inner_n, &b));
	}
	CHECK(nl_next(&data, &n, &a));
	CHECK_INT(a.type, 6);
	CHECK_INT(a.n, 1);
	CHECK(!nl_next(&data, &n, &a));
}

/* Whatever the bytes say, the walk stays inside and ends. */
static void lengths_that_lie_end_the_walk(void)
{
	unsigned seed = 1, touched = 0;

	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)(rand_r(&seed) % 64), steps = 0;
		uint8_t *copy = malloc(n ? n : 1); /* the sanitizer sees the end */
		const void *data = copy;
		struct nl_attr a;

		for (size_t i = 0; i < n; i++)
			copy[i] = (uint8_t)(rand_r(&seed) % (round % 2 ? 8 : 256));
		while (nl_next(&data, &n, &a) && steps < 100) {
			/* The sanitizer sees a step beyond the end. */
			for (size_t i = 0; i < a.n; i++)
				touched += ((const uint8_t *)a.data)[i];
			steps++;
		}
		free(copy);
		CHECK(steps <= 16);
	}
	CHECK(touched > 0);
}

static void names_of_interfaces(void)
{
	CHECK(link_is_name("eth0", false));
	CHECK(link_is_name("234567890123456", false));
	CHECK(!link_is_name("a234567890123456", false));
	CHECK(!link_is_name("", false));
	CHECK(!link_is_name(".", false));
	CHECK(!link_is_name("..", false));
	CHECK(!link_is_name("a/b", false));
	CHECK(!link_is_name("a b", false));
	CHECK(!link_is_name("a:1", false));
	CHECK(!link_is_name("eth%d", false));
	CHECK(link_is_name("eth%d", true));
	CHECK(!link_is_name("eth%s", true));
	CHECK(!link_is_name("%d%d", true));
	CHECK(!link_is_name("eth%", true));
}

static int in_new_netns(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			_exit(77);
		_exit(fn());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int lo_comes_up(void)
{
	struct link l;
	int sock = nl_open(NULL), r;

	if (sock < 0 || link_find(sock, "lo", 0, &l, NULL) < 0 || l.is_up || l.index != 1)
		return 1;
	r = link_loopback_up(NULL);
	if (r < 0 || link_find(sock, NULL, 1, &l, NULL) < 0 || !l.is_up)
		return 2;
	if (strcmp(l.name, "lo") != 0)
		return 3;
	if (link_find(sock, "nosuch", 0, &l, NULL) != -ENODEV ||
	    link_find(sock, NULL, 99, &l, NULL) != -ENODEV)
		return 4;
	return 0;
}

static void loopback_comes_up(void)
{
	CHECK_INT(in_new_netns(lo_comes_up), 0);
}

/* Every address is permanent and global but lo's own ::1 and 127.0.0.1. */
static int lists(void)
{
	static struct link_addrs addrs, again;
	struct ifaddrmsg msg = { .ifa_family = AF_INET, .ifa_prefixlen = 24 };
	int sock = nl_open(NULL);
	struct nl_msg m;

	if (sock < 0 || link_loopback_up(NULL) < 0)
		return 1;
	for (uint8_t i = 1; i <= 40; i++) {
		const uint8_t ip[4] = { 10, 1, 2, i };

		nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
		msg.ifa_index = 1;
		nl_put(&m, &msg, sizeof(msg));
		nl_attr(&m, IFA_LOCAL, ip, 4);
		nl_attr(&m, IFA_ADDRESS, ip, 4);
		if (nl_talk(sock, &m) < 0)
			return 2;
		if (nl_talk(sock, &m) != -EEXIST)
			return 3;
	}
	if (link_get_addrs(sock, 1, &addrs, NULL) < 0 || addrs.n != 40)
		return 4;
	/* Giving them once more changes nothing. */
	if (link_add_addrs(sock, 1, &addrs, NULL) < 0 ||
	    link_get_addrs(sock, 1, &again, NULL) < 0 || again.n != 40)
		return 5;
	return memcmp(&addrs, &again, sizeof(addrs)) ? 6 : 0;
}

static void addresses_are_listed_and_given_again(void)
{
	CHECK_INT(in_new_netns(lists), 0);
}

int main(void)
{
	TEST(an_attribute_that_is_too_long_is_never_sent);
	TEST(a_message_that_is_full_stays_bad);
	TEST(attributes_nest_and_are_found_again);
	TEST(lengths_that_lie_end_the_walk);
	TEST(names_of_interfaces);
	TEST(loopback_comes_up);
	TEST(addresses_are_listed_and_given_again);
	return tap_end();
}
