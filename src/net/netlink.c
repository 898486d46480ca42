/* SPDX-License-Identifier: Apache-2.0 */
/* net/netlink.c - messages to and from the kernel's network configuration. */
#include "net/netlink.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ALIGN = 4,
	SEQ = 1, /* every answer is read to its end before the next request */
};

static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* syscalls: socket setsockopt */
int nl_open(struct err *e)
{
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_sys(e, "open a netlink socket");
	/* Filters of lists are obeyed, and an error's answer is short. Kernels
	 * before 4.20 know neither and lose nothing. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return fd;
}

void nl_begin(struct nl_msg *m, uint16_t type, uint16_t flags)
{
	m->is_bad = false;
	m->head = (struct nlmsghdr){ .nlmsg_type = type,
				     .nlmsg_flags = flags | NLM_F_REQUEST };
	m->len = sizeof(m->head);
}

/* Room for n bytes at the end, zeroed; NULL, and the message is bad. */
static void *room(struct nl_msg *m, size_t n)
{
	void *p = m->bytes + m->len;

	if (m->is_bad || n > sizeof(m->bytes) || aligned(n) > sizeof(m->bytes) - m->len) {
		m->is_bad = true;
		return NULL;
	}
	memset(p, 0, aligned(n));
	m->len += aligned(n);
	return p;
}

void nl_put(struct nl_msg *m, const void *data, size_t n)
{
	void *p = room(m, n);

	if (p && n)
		memcpy(p, data, n);
}

void nl_attr(struct nl_msg *m, uint16_t type, const void *data, size_t n)
{
	struct nlattr head = { .nla_type = type };
	uint8_t *p;

	if (n > UINT16_MAX - sizeof(head)) {
		m->is_bad = true;
		return;
	}
	head.nla_len = (uint16_t)(sizeof(head) + n);
	p = room(m, sizeof(head) + n);
	if (!p)
		return;
	memcpy(p, &head, sizeof(head));
	if (n)
		memcpy(p + sizeof(head), data, n);
}

void nl_attr_u32(struct nl_msg *m, uint16_t type, uint32_t v)
{
	nl_attr(m, type, &v, sizeof(v));
}

void nl_attr_str(struct nl_msg *m, uint16_t type, const char *s)
{
	nl_attr(m, type, s, strlen(s) + 1);
}

size_t nl_nest(struct nl_msg *m, uint16_t type)
{
	size_t at = m->len;

	nl_attr(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_msg *m, size_t at)
{
	struct nlattr head;

	if (m->is_bad)
		return;
	if (m->len - at > UINT16_MAX) {
		m->is_bad = true;
		return;
	}
	memcpy(&head, m->bytes + at, sizeof(head));
	head.nla_len = (uint16_t)(m->len - at);
	memcpy(m->bytes + at, &head, sizeof(head));
}

/* syscalls: sendto */
static int post(int sock, struct nl_msg *m, uint16_t flags)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	if (m->is_bad)
		return -EMSGSIZE;
	m->head.nlmsg_len = (uint32_t)m->len;
	m->head.nlmsg_flags |= flags;
	m->head.nlmsg_seq = SEQ;
	do
		n = sendto(sock, m->bytes, m->len, 0, (const struct sockaddr *)&kernel,
			   sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One datagram of the kernel's own: others may send to a netlink socket, too.
 *
 * syscalls: recvmsg */
static ssize_t hear(int sock, void *buf, size_t size)
{
	struct sockaddr_nl from;
	struct iovec iov = { buf, size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	for (;;) {
		from = (struct sockaddr_nl){ .nl_pid = 1 };
		h.msg_name = &from;
		h.msg_namelen = sizeof(from);
		h.msg_flags = 0;
		n = recvmsg(sock, &h, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		return h.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
	}
}

struct answer {
	nl_fn fn;
	void *arg;
	int failed; /* fn's, kept until the list is at its end */
};

/* One message of an answer. 1: go on, 0: that was all, or -errno. */
static int take(struct answer *a, const struct nlmsghdr *h, const uint8_t *data)
{
	size_t n = h->nlmsg_len - sizeof(*h);
	int32_t code;

	if (h->nlmsg_seq != SEQ)
		return 1;
	/* Something changed while the kernel went through its list. */
	if (h->nlmsg_flags & NLM_F_DUMP_INTR && !a->failed)
		a->failed = -EAGAIN;
	if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
		if (n < sizeof(code))
			return -EPROTO;
		memcpy(&code, data, sizeof(code));
		if (code > 0)
			return -EPROTO;
		return code < 0 ? code : a->failed;
	}
	if (h->nlmsg_type >= NLMSG_MIN_TYPE && a->fn && !a->failed) {
		int r = a->fn(h->nlmsg_type, data, n, a->arg);

		if (r < 0)
			a->failed = r;
	}
	return 1;
}

static int listen_to(int sock, struct answer *a)
{
	uint8_t buf[NL_BUF_MAX];

	for (;;) {
		ssize_t n = hear(sock, buf, sizeof(buf));
		size_t left = n < 0 ? 0 : (size_t)n, step;

		if (n < 0)
			return (int)n;
		for (uint8_t *p = buf; left >= sizeof(struct nlmsghdr);
		     p += step, left -= step) {
			struct nlmsghdr h;
			int r;

			memcpy(&h, p, sizeof(h));
			if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > left)
				return -EPROTO;
			r = take(a, &h, p + sizeof(h));
			if (r <= 0)
				return r;
			step = aligned(h.nlmsg_len);
			if (step > left)
				step = left;
		}
	}
}

static int converse(int sock, struct nl_msg *m, uint16_t flags, nl_fn fn, void *arg)
{
	struct answer a = { .fn = fn, .arg = arg };
	int r = post(sock, m, flags);

	return r < 0 ? r : listen_to(sock, &a);
}

int nl_talk(int sock, struct nl_msg *m)
{
	return converse(sock, m, NLM_F_ACK, NULL, NULL);
}

int nl_ask(int sock, struct nl_msg *m, nl_fn fn, void *arg)
{
	return converse(sock, m, NLM_F_ACK, fn, arg);
}

int nl_dump(int sock, struct nl_msg *m, nl_fn fn, void *arg)
{
	return converse(sock, m, NLM_F_DUMP, fn, arg);
}

bool nl_next(const void **data, size_t *n, struct nl_attr *ret)
{
	struct nlattr head;
	size_t step;

	if (*n < sizeof(head))
		return false;
	memcpy(&head, *data, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > *n)
		return false;
	ret->type = head.nla_type & NLA_TYPE_MASK;
	ret->data = (const uint8_t *)*data + sizeof(head);
	ret->n = head.nla_len - sizeof(head);
	step = aligned(head.nla_len);
	if (step > *n)
		step = *n;
	*data = (const uint8_t *)*data + step;
	*n -= step;
	return true;
}

bool nl_skip(const void **data, size_t *n, size_t size)
{
	size = aligned(size);
	if (*n < size)
		return false;
	*data = (const uint8_t *)*data + size;
	*n -= size;
	return true;
}
