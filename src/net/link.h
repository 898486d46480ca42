/* SPDX-License-Identifier: Apache-2.0 */
/* net/link.h - network interfaces: find, move, rename, up; their addresses. */
#pragma once

#include <linux/if_addr.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct link {
	int index;
	bool is_up;
	char name[IFNAMSIZ];
};

/* One address of an interface as the kernel told it, to be given again. */
struct link_addr {
	struct ifaddrmsg msg;
	size_t n;           /* bytes of attrs */
	uint8_t attrs[104]; /* those that are to be kept, as they came */
};
enum { LINK_ADDRS_MAX = 64 };
struct link_addrs {
	size_t n;
	struct link_addr v[LINK_ADDRS_MAX];
};

/* 1-15 bytes, no blank, '/', ':' or control character, not "." or ".."; with
 * is_template one "%d" may be in it, for which the kernel puts a number. */
bool link_is_name(const char *name, bool is_template);

/* Brings the loopback interface of the caller's network namespace up. Three
 * system calls, no memory. */
int link_loopback_up(struct err *e);

/* By name, or for NULL by index; -ENODEV when there is none. */
int link_find(int sock, const char *name, int index, struct link *ret, struct err *e);
/* Into the network namespace behind ns_fd, under a name there (which may be a
 * template); with new_index > 0 under that number. The interface is down
 * afterwards and has lost its addresses. */
int link_move(int sock, int index, int ns_fd, const char *name, int new_index,
	      struct err *e);
int link_set_up(int sock, int index, struct err *e);

/* All permanent addresses of global scope: what runtime-spec 1.3 wants kept. */
int link_get_addrs(int sock, int index, struct link_addrs *ret, struct err *e);
int link_add_addrs(int sock, int index, const struct link_addrs *addrs, struct err *e);
