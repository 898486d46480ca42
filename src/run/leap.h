/* SPDX-License-Identifier: Apache-2.0 */
/* run/leap.h - the last step: from our own program into the container's.
 *
 * Theory of operation
 * -------------------
 * A container that shares the host's user ids must never get hold of the
 * runtime's binary for writing (CVE-2019-5736): an image whose program is
 * "#!/proc/self/exe", or whose ELF interpreter is /proc/self/exe, makes the
 * kernel run the runtime once more, this time inside the container, from where
 * /proc/PID/exe can be reopened for writing. Others re-execute themselves from
 * a sealed copy or an overlay before they touch the container, which costs an
 * execve() and, for a copy, the binary's size in memory.
 *
 * hull has no exec between clone3() and the container's program, so it takes
 * away the link instead. The child copies a few hundred bytes of position-
 * independent code and all that execve() needs into fresh anonymous memory,
 * jumps there, and that code
 *  1. unmaps the whole of our program (text and data), after which
 *  2. prctl(PR_SET_MM_MAP) accepts another file as this process's exe: an empty
 *     sealed memfd, so /proc/self/exe leads nowhere worth having;
 *  3. installs the seccomp filter, the very last act, so that no call of the
 *     runtime's own has to be allowed by it but execve();
 *  4. execve()s, or writes one word that says what failed and exits.
 * Three system calls instead of a second program start.
 *
 * Invariants
 *  L1  The code refers to nothing outside its argument: no literals, no libc,
 *      no stack protector. It would crash otherwise, since it runs when all of
 *      the program is gone (tests/unit/test-run-leap.c).
 *  L2  Where step 2 is refused the container does not start: there is no
 *      weaker way round. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;
struct sock_fprog;

struct leap_args {
	const char *path; /* of the program, seen from the new root */
	char *const *argv, *const *envp;
	const struct sock_fprog *filter; /* NULL: none */
	unsigned filter_flags;
	const uint64_t *exec_key; /* 3 words, filter/key.h; NULL: none */
	/* Where the fd of a filter with a listener goes (run/listener.h), in
	 * memory that another process looks at; NULL: nowhere. */
	int *listener_fd;
	/* A struct leap_report is written here when a step fails; it must be
	 * O_CLOEXEC, so that its closing means success. */
	int report_fd;
};

enum leap_step { LEAP_UNMAP, LEAP_EXE, LEAP_SECCOMP, LEAP_EXEC };
struct leap_report {
	uint32_t type; /* SYNC_LEAP of run/sync.h */
	uint32_t step; /* enum leap_step */
	int32_t code;  /* -errno */
};

/* Returns only when the way out could not be prepared (-errno). */
int leap(const struct leap_args *args, struct err *e);

/* exec "/bin/x", with the hint that fits the code. */
int leap_explain(const struct leap_report *report, const char *path,
		 struct err *e);
