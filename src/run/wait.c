/* SPDX-License-Identifier: Apache-2.0 */
/* run/wait.c - waits for a container's process in the foreground. */
#include "run/container.h"

#include "base/err.h"
#include "base/scope.h"
#include "run/terminal.h"
#include "sys/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* All signals that can be caught, but those that tell of a fault of our own and
 * those of job control that a shell sends to us and not to the container. */
static void passed_on(sigset_t *ret)
{
	static const int ours[] = {
		SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT,
		SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU
	};

	sigfillset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigdelset(ret, ours[i]);
}

int container_hold_signals(struct err *e)
{
	sigset_t all;

	passed_on(&all);
	return sigprocmask(SIG_BLOCK, &all, NULL) < 0
		       ? err_sys(e, "block signals")
		       : 0;
}

static int catch_signals(struct err *e)
{
	sigset_t all;
	int fd;

	passed_on(&all);
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "take signals") : fd;
}

/* Passes on what was sent to us. Go programs use SIGURG among themselves, and
 * a SIGPIPE or SIGCHLD is ours. */
static void pass_on(int signal_fd, const struct container_proc *p,
		    struct terminal *t)
{
	struct signalfd_siginfo v[8];
	ssize_t n = read(signal_fd, v, sizeof(v));

	/* What did not fit comes with the next poll(). */
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(v[0]); i++) {
		switch (v[i].ssi_signo) {
		case SIGCHLD:
		case SIGPIPE:
		case SIGURG:
			break;
		case SIGWINCH:
			terminal_resize(t);
			break;
		default:
			(void)sys_pidfd_signal(p->pidfd,
					       (int)v[i].ssi_signo);
		}
	}
}

static int watch(const struct container_proc *p, int signal_fd,
		 struct terminal *t, struct err *e)
{
	for (;;) {
		struct pollfd v[6] = {
			{ p->pidfd, POLLIN, 0 },
			{ signal_fd, POLLIN, 0 },
		};

		terminal_poll(t, v + 2);
		if (poll(v, 6, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys(e, "wait for the container");
		}
		if (v[1].revents)
			pass_on(signal_fd, p, t);
		terminal_move(t, v + 2);
		if (v[0].revents)
			return 0;
	}
}

int container_wait(struct container_proc *p, int *ret_status, struct err *e)
{
	auto_fd int signal_fd = -EBADF;
	struct terminal t;
	siginfo_t si = { 0 };
	int r;

	signal_fd = catch_signals(e);
	if (signal_fd < 0)
		return signal_fd;
	r = terminal_init(&t, p->console_fd, e);
	if (r == 0)
		r = watch(p, signal_fd, &t, e);
	if (r == 0)
		terminal_drain(&t);
	terminal_done(&t);
	if (r < 0)
		return r;
	while (waitid((idtype_t)P_PIDFD, (id_t)p->pidfd, &si,
		      WEXITED | __WALL) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for the container");
	*ret_status =
		si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
	return 0;
}
