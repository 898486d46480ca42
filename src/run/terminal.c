/* SPDX-License-Identifier: Apache-2.0 */
/* run/terminal.c - a container's terminal on the user's own. */
#include "run/terminal.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_init(struct terminal *t, int master_fd, struct err *e)
{
	struct termios raw;

	t->master_fd = master_fd;
	t->is_raw = false;
	t->in = (struct terminal_pipe){ .from = 0, .to = master_fd };
	t->out = (struct terminal_pipe){ .from = master_fd, .to = 1 };
	if (master_fd < 0)
		return 0;
	if (fcntl(master_fd, F_SETFL, O_NONBLOCK | O_RDWR) < 0)
		return err_sys(e, "make the terminal non-blocking");
	if (tcgetattr(0, &t->saved) == 0) {
		raw = t->saved;
		cfmakeraw(&raw);
		if (tcsetattr(0, TCSANOW, &raw) < 0)
			return err_sys(e, "make the terminal raw");
		t->is_raw = true;
		terminal_resize(t);
	}
	return 0;
}

void terminal_done(struct terminal *t)
{
	if (t->is_raw)
		(void)tcsetattr(0, TCSANOW, &t->saved);
	t->is_raw = false;
}

void terminal_resize(struct terminal *t)
{
	struct winsize size;

	if (t->master_fd >= 0 && ioctl(0, TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->master_fd, TIOCSWINSZ, &size);
}

static bool has_room(const struct terminal_pipe *p)
{
	return !p->from_ended && p->end < sizeof(p->buf);
}

static bool has_bytes(const struct terminal_pipe *p)
{
	return p->start < p->end;
}

void terminal_poll(const struct terminal *t, struct pollfd *p)
{
	bool on = t->master_fd >= 0;

	p[0] = (struct pollfd){ on && has_room(&t->in) ? t->in.from : -1,
				POLLIN, 0 };
	p[1] = (struct pollfd){ on && has_bytes(&t->in) ? t->in.to : -1,
				POLLOUT, 0 };
	p[2] = (struct pollfd){ on && has_room(&t->out) ? t->out.from : -1,
				POLLIN, 0 };
	p[3] = (struct pollfd){ on && has_bytes(&t->out) ? t->out.to : -1,
				POLLOUT, 0 };
}

static void pull(struct terminal_pipe *p)
{
	ssize_t n = read(p->from, p->buf + p->end, sizeof(p->buf) - p->end);

	if (n > 0)
		p->end += (unsigned)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		p->from_ended = true; /* EIO: the last slave was closed */
}

static void push(struct terminal_pipe *p)
{
	ssize_t n = write(p->to, p->buf + p->start, p->end - p->start);

	if (n > 0)
		p->start += (unsigned)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		p->start = p->end; /* nobody reads: drop it */
	if (p->start == p->end)
		p->start = p->end = 0;
}

void terminal_move(struct terminal *t, const struct pollfd *p)
{
	if (p[0].fd >= 0 && p[0].revents)
		pull(&t->in);
	if (p[1].fd >= 0 && p[1].revents)
		push(&t->in);
	if (p[2].fd >= 0 && p[2].revents)
		pull(&t->out);
	if (p[3].fd >= 0 && p[3].revents)
		push(&t->out);
}

void terminal_drain(struct terminal *t)
{
	if (t->master_fd < 0)
		return;
	do {
		while (has_bytes(&t->out))
			push(&t->out);
		t->out.from_ended = false;
		pull(&t->out);
	} while (has_bytes(&t->out));
}
