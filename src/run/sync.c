/* SPDX-License-Identifier: Apache-2.0 */
/* run/sync.c - what supervisor and child say to each other, and when. */
#include "run/sync.h"

#include "plan/run.h"
#include "run/leap.h"
#include "sys/sock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

int sync_pair(int *ret_supervisor_fd, int *ret_child_fd, struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "make a socket pair");
	*ret_supervisor_fd = fds[0];
	*ret_child_fd = fds[1];
	return 0;
}

int sync_send(int fd, enum sync_type type, struct err *e)
{
	uint32_t word = type;
	int r = sys_send(fd, &word, sizeof(word), NULL, 0);

	return r < 0 ? err_set(e, r, "tell the other process") : 0;
}

int sync_send_num(int fd, enum sync_type type, uint32_t num, struct err *e)
{
	const uint32_t words[2] = { type, num };
	int r = sys_send(fd, words, sizeof(words), NULL, 0);

	return r < 0 ? err_set(e, r, "tell the other process") : 0;
}

void sync_send_err(int fd, enum sync_type type, const struct err *err)
{
	struct sync_msg m = { .type = type, .err = *err };

	(void)sys_send(fd, &m, sizeof(m), NULL, 0);
}

/* The other side's error, as ours. Its strings are not trusted to end. */
static int take_err(struct sync_msg *m, struct err *e)
{
	m->err.text[sizeof(m->err.text) - 1] = '\0';
	m->err.hint[sizeof(m->err.hint) - 1] = '\0';
	if (m->err.code >= 0 || m->err.code < -4095)
		m->err.code = -EPROTO;
	if (e)
		*e = m->err;
	return m->err.code;
}

/* The other side may have died without reading what we sent. The kernel then
 * says ECONNRESET once, in front of what that side had said before it died:
 * the error that we are to report, maybe. */
static ssize_t hear(int fd, struct sync_msg *m)
{
	ssize_t n = sys_recv(fd, m, sizeof(*m), NULL, NULL);

	if (n == -ECONNRESET)
		n = sys_recv(fd, m, sizeof(*m), NULL, NULL);
	return n == -ECONNRESET ? 0 : n;
}

int sync_wait(const struct sync_peer *peer, enum sync_type want, struct err *e)
{
	for (;;) {
		struct sync_msg m = { 0 };
		struct leap_report leap;
		ssize_t n = hear(peer->fd, &m);

		if (n < 0)
			return err_set(e, (int)n,
				       "hear from the container's init");
		if (n == 0 && want == 0)
			return 0;
		if (n == 0)
			return err_set(
				e, -EPIPE,
				"the container's init died during set-up");
		if (n >= (ssize_t)sizeof(m.type) && m.type == want) {
			if (peer->num)
				*peer->num = (uint32_t)m.num;
			return 0;
		}
		if (m.type == SYNC_LEAP && n == sizeof(leap)) {
			memcpy(&leap, &m, sizeof(leap));
			return leap_explain(&leap, peer->path, e);
		}
		if (n != sizeof(m))
			return err_set(e, -EPROTO,
				       "message %u of %zd bytes from the "
				       "container's init",
				       m.type, n);
		if (m.type == SYNC_ERROR)
			return take_err(&m, e);
		if (m.type == SYNC_WARN) {
			(void)take_err(&m, NULL);
			if (peer->warn)
				peer->warn(peer->warn_arg, m.err.text);
			continue;
		}
		return err_set(
			e, -EPROTO,
			"unexpected message %u from the container's init",
			m.type);
	}
}

/* num: one bit a slot that is filled, and above them run->made. */
int sync_send_trees(int fd, struct run *r, struct err *e)
{
	uint32_t m[2] = { SYNC_TREES, r->made << TREE_MAX_ };
	int fds[TREE_MAX_], ret;
	size_t n = 0;

	for (unsigned i = 0; i < TREE_MAX_; i++) {
		if (r->trees[i] < 0)
			continue;
		m[1] |= 1U << i;
		fds[n++] = r->trees[i];
	}
	ret = sys_send(fd, m, sizeof(m), fds, n);
	run_drop_trees(r);
	return ret < 0 ? err_set(e, ret, "hand over mounts") : 0;
}

int sync_take_trees(struct run *r, struct err *e)
{
	uint32_t m[2] = { 0 };
	int fds[TREE_MAX_];
	size_t n = TREE_MAX_, k = 0;
	ssize_t got = sys_recv(r->sync_fd, m, sizeof(m), fds, &n);

	for (unsigned i = 0; i < TREE_MAX_; i++)
		if (m[1] & 1U << i && k < n)
			r->trees[i] = fds[k++];
	r->made = m[1] >> TREE_MAX_;
	if (got == sizeof(m) && m[0] == SYNC_TREES && k == n)
		return 0;
	return err_set(e, got < 0 ? (int)got : -EPIPE,
		       "hear from the supervisor");
}
