/* SPDX-License-Identifier: Apache-2.0 */
/* bench/interleave.c - times several commands in turn, so that all see the
 * same machine.
 *
 * usage: interleave ROUNDS WARMUP CMD ARG... [,, | ,+] CMD ARG... ...
 *        interleave --many COUNT JOBS CMD ARG...
 *
 * First form: round by round each command runs once; groups (commands joined
 * by ",+", which stay in order: create, start, delete) take turns in an order
 * that rotates. The warm-up rounds are run and thrown away. One line a run:
 *   COMMAND-INDEX NANOSECONDS MAXRSS-KIB EXIT-STATUS
 * Second form: COUNT runs of one command, JOBS at a time, "%N" in its arguments
 * replaced by the run's number; one line a run, then "total NANOSECONDS".
 *
 * The time is from before vfork() to after wait4(), on CLOCK_MONOTONIC. MAXRSS
 * is the largest of the command and of the children it waited for. (It counts
 * this program's own memory before the exec, too, so link it small.) A first
 * argument "@FILE" is a mount namespace to enter first: crun needs one in which
 * this machine's cgroups look as it likes them. Input and output of the commands
 * are /dev/null. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 48
#define MAX_JOBS 16

struct command {
	char **argv;
	int mount_ns;   /* -1: ours */
	int group;
};

static int null_fd;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void command_set(struct command *c, char **argv, int group)
{
	*c = (struct command){ argv, -1, group };
	if (argv[0][0] != '@')
		return;
	c->mount_ns = open(argv[0] + 1, O_RDONLY | O_CLOEXEC);
	if (c->mount_ns < 0) {
		perror(argv[0]);
		exit(2);
	}
	c->argv++;
}

/* Cuts argv at ",," and ",+"; returns how many commands there are. */
static int split(char **argv, struct command commands[MAX_COMMANDS])
{
	int n = 0, group = 0;

	while (*argv && n < MAX_COMMANDS) {
		command_set(&commands[n++], argv, group);
		while (*argv && strcmp(*argv, ",,") && strcmp(*argv, ",+"))
			argv++;
		if (!*argv)
			break;
		if (!strcmp(*argv, ",,"))
			group++;
		*argv++ = NULL;
	}
	return n;
}

static pid_t spawn(const struct command *c)
{
	pid_t pid = vfork();

	if (pid != 0)
		return pid;
	dup2(null_fd, 0);
	dup2(null_fd, 1);
	dup2(null_fd, 2);
	if (c->mount_ns >= 0 && setns(c->mount_ns, CLONE_NEWNS) < 0)
		_exit(125);
	execvp(c->argv[0], c->argv);
	_exit(127);
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void run_once(int which, const struct command *c, int is_counted)
{
	long long begin = now_ns();
	struct rusage ru = { 0 };
	int status = -1;
	pid_t pid = spawn(c);

	while (wait4(pid, &status, 0, &ru) < 0 && errno == EINTR)
		;
	begin = now_ns() - begin;
	if (is_counted)
		printf("%d %lld %ld %d\n", which, begin, ru.ru_maxrss, exit_code(status));
}

static int run_rounds(int rounds, int warmup, char **argv)
{
	static struct command commands[MAX_COMMANDS];
	int n = split(argv, commands);
	int n_groups = n ? commands[n - 1].group + 1 : 0;

	for (int k = 0; k < rounds + warmup; k++)
		for (int g = 0; g < n_groups; g++)
			for (int i = 0; i < n; i++)
				if (commands[i].group == (g + k) % n_groups)
					run_once(i, &commands[i], k >= warmup);
	return 0;
}

/* The command with "%N" replaced, in memory that is never given back: one for
 * each job would do, but the program is small and short-lived. */
static char **numbered(char **argv, int number)
{
	char **out = calloc(64, sizeof(*out));

	for (int i = 0; argv[i] && i < 63; i++) {
		char *at = strstr(argv[i], "%N");
		size_t size = strlen(argv[i]) + 16;

		if (!at) {
			out[i] = argv[i];
			continue;
		}
		out[i] = malloc(size);
		snprintf(out[i], size, "%.*s%d%s", (int)(at - argv[i]), argv[i], number, at + 2);
	}
	return out;
}

static int run_many(int count, int jobs, char **argv)
{
	struct {
		pid_t pid;
		long long begin;
	} running[MAX_JOBS] = { 0 };
	long long begin = now_ns();
	int started = 0, ended = 0;
	struct command c;

	command_set(&c, argv, 0);
	argv = c.argv;
	while (ended < count) {
		struct rusage ru = { 0 };
		int status, free_job = -1;
		pid_t pid;

		for (int j = 0; j < jobs && started < count; j++)
			if (running[j].pid == 0) {
				c.argv = numbered(argv, started++);
				running[j].begin = now_ns();
				running[j].pid = spawn(&c);
			}
		pid = wait4(-1, &status, 0, &ru);
		if (pid < 0)
			return 1;
		for (int j = 0; j < jobs; j++)
			if (running[j].pid == pid)
				free_job = j;
		if (free_job < 0)
			continue;
		printf("%d %lld %ld %d\n", ended++, now_ns() - running[free_job].begin, ru.ru_maxrss,
		       exit_code(status));
		running[free_job].pid = 0;
	}
	printf("total %lld\n", now_ns() - begin);
	return 0;
}

int main(int argc, char **argv)
{
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (argc >= 5 && !strcmp(argv[1], "--many") && atoi(argv[3]) >= 1 &&
	    atoi(argv[3]) <= MAX_JOBS)
		return run_many(atoi(argv[2]), atoi(argv[3]), argv + 4);
	if (argc >= 4 && atoi(argv[1]) > 0)
		return run_rounds(atoi(argv[1]), atoi(argv[2]), argv + 3);
	fprintf(stderr, "usage: interleave ROUNDS WARMUP CMD ARG... [,, | ,+] CMD ARG...\n"
		"       interleave --many COUNT JOBS CMD ARG...\n");
	return 2;
}
