/* SPDX-License-Identifier: Apache-2.0 */
/* net/netlink.h - messages to and from the kernel's network configuration.
 *
 * Theory of operation
 * -------------------
 * A message is built in a fixed buffer: a header, a fixed part, attributes that
 * may nest. Every length is checked when something is put in, against the
 * buffer and against the 16 bits that an attribute's length has (runc once let
 * a long attribute wrap round, and what followed was read as further messages:
 * CVE-2021-43784). A message that did not fit stays marked as bad and is never
 * sent, so only nl_talk() and nl_dump() need their result looked at.
 *
 * Answers are read with the same care: no length in them is believed.
 * Format: netlink(7), rtnetlink(7), include/uapi/linux/netlink.h. */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum { NL_MSG_MAX = 8192, NL_BUF_MAX = 32768 };

struct nl_msg {
	bool is_bad; /* something did not fit */
	size_t len;
	union {
		struct nlmsghdr head;
		uint8_t bytes[NL_MSG_MAX];
	};
};

/* A NETLINK_ROUTE socket of the calling thread's network namespace. */
int nl_open(struct err *e);

/* Starts a request: NLM_F_REQUEST is added to flags. */
void nl_begin(struct nl_msg *m, uint16_t type, uint16_t flags);
/* The fixed part behind the header (struct ifinfomsg...), padded. */
void nl_put(struct nl_msg *m, const void *data, size_t n);
void nl_attr(struct nl_msg *m, uint16_t type, const void *data, size_t n);
void nl_attr_u32(struct nl_msg *m, uint16_t type, uint32_t v);
/* With the NUL, as the kernel wants names. */
void nl_attr_str(struct nl_msg *m, uint16_t type, const char *s);
/* Opens an attribute that holds others; what comes back goes to nl_nest_end().*/
size_t nl_nest(struct nl_msg *m, uint16_t type);
void nl_nest_end(struct nl_msg *m, size_t at);

/* Sends and waits for the kernel's yes (0) or -errno. */
int nl_talk(int sock, struct nl_msg *m);
/* The same for a request that is answered by objects, one (nl_ask) or all there
 * are (nl_dump): fn is called for each, until it returns < 0, which then is the
 * result. `data` begins at the fixed part. -EAGAIN: the list changed while it
 * was read; ask again. */
typedef int (*nl_fn)(uint16_t type, const void *data, size_t n, void *arg);
int nl_ask(int sock, struct nl_msg *m, nl_fn fn, void *arg);
int nl_dump(int sock, struct nl_msg *m, nl_fn fn, void *arg);

/* Walks attributes: `data` and `n` are what is left and are moved on; false at
 * the end or where the lengths make no sense. */
struct nl_attr {
	uint16_t type; /* without NLA_F_* */
	const void *data;
	size_t n;
};
bool nl_next(const void **data, size_t *n, struct nl_attr *ret);
/* Leaves the fixed part of `size` bytes behind; false when it is not all
 * there. */
bool nl_skip(const void **data, size_t *n, size_t size);
