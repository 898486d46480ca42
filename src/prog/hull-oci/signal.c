/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/signal.c - signals by name, as kill(1) of Linux knows them. */
#include "prog/hull-oci/signal.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

/* What the kernel calls them: the C library keeps two for itself and moves
 * SIGRTMIN, which the container's programs then do not agree about. */
enum { RT_MIN = 34, RT_MAX = 64 };

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },       { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },   { "TRAP", SIGTRAP },     { "ABRT", SIGABRT },
	{ "IOT", SIGIOT },   { "BUS", SIGBUS },       { "FPE", SIGFPE },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 }, { "PIPE", SIGPIPE },     { "ALRM", SIGALRM },
	{ "TERM", SIGTERM }, { "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },  { "CONT", SIGCONT },     { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },     { "TTOU", SIGTTOU },
	{ "URG", SIGURG },   { "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ },
	{ "PROF", SIGPROF }, { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO },     { "POLL", SIGIO },       { "PWR", SIGPWR },
	{ "SYS", SIGSYS },   { "RTMIN", RT_MIN },     { "RTMAX", RT_MAX },
};

static int find(const char *name)
{
	uint32_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	if (strncasecmp(name, "RTMIN+", 6) == 0 && num_u32(name + 6, &n) == 0 &&
	    n <= RT_MAX - RT_MIN)
		return RT_MIN + (int)n;
	if (strncasecmp(name, "RTMAX-", 6) == 0 && num_u32(name + 6, &n) == 0 &&
	    n <= RT_MAX - RT_MIN)
		return RT_MAX - (int)n;
	return -EINVAL;
}

int signal_parse(const char *text, int *ret_signal, struct err *e)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t n;
	int r;

	if (num_u32(text, &n) == 0 && n <= RT_MAX) {
		*ret_signal = (int)n;
		return 0;
	}
	r = find(name);
	if (r < 0)
		return err_input(e, "unknown signal \"%s\"", text);
	*ret_signal = r;
	return 0;
}
