/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/tracer.c - which system calls a command was seen to make.
 *
 * Theory of operation
 * -------------------
 * The child installs a filter that answers SECCOMP_RET_TRACE to everything, so
 * there is one stop a call (PTRACE_SYSCALL would make two). Every task that is
 * made is attached by the kernel before its first instruction.
 *
 * A call is charged to the file that the task runs, as the kernel names it
 * (/proc/PID/exe): scripts count as their interpreter, and execve() itself as a
 * call of the program that makes it. What the child does before its first
 * program is nobody's.
 *
 * A new task may stop before its parent's event tells whose it is; it is left
 * stopped until then. A task that stops like a shell's job is left to its job
 * control (PTRACE_LISTEN). When we are killed the kernel kills the tracees. */
#include "prog/hull-scan/tracer.h"

#include "base/err.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACE_OPTIONS = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL };
enum { NO_PROGRAM = -1, NOT_TOLD = -2 };

struct task {
	pid_t tid;
	int program; /* index into the trace */
};

struct tracer {
	struct trace *trace;
	struct task *tasks;
	size_t n_tasks, room;
	pid_t first;
	int status;
};

/* The C library's ptrace() has variable arguments and sets errno to 0. */
static long ask(long request, pid_t tid, uintptr_t address, uintptr_t data)
{
	return syscall(SYS_ptrace, request, (long)tid, address, data);
}

void trace_done(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].calls);
	}
	free(t->v);
	*t = (struct trace){ 0 };
}

static void *grow(void *v, size_t n, size_t *room, size_t size)
{
	void *p;

	if (n < *room)
		return v;
	p = reallocarray(v, *room ? *room * 2 : 16, size);
	if (p)
		*room = *room ? *room * 2 : 16;
	return p;
}

static struct task *task_of(struct tracer *t, pid_t tid)
{
	struct task *v;

	for (size_t i = t->n_tasks; i-- > 0;) {
		if (t->tasks[i].tid == tid)
			return &t->tasks[i];
	}
	v = grow(t->tasks, t->n_tasks, &t->room, sizeof(*v));
	if (!v)
		return NULL;
	t->tasks = v;
	v[t->n_tasks] = (struct task){ tid, NOT_TOLD };
	return &v[t->n_tasks++];
}

static void forget(struct tracer *t, pid_t tid)
{
	struct task *task = task_of(t, tid);

	if (task)
		*task = t->tasks[--t->n_tasks];
}

static int program_of(struct trace *t, pid_t tid)
{
	char link[64], path[4096];
	struct traced *v;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)tid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->v[i].path, path) == 0)
			return (int)i;
	}
	v = grow(t->v, t->n, &t->room, sizeof(*v));
	if (!v)
		return -ENOMEM;
	t->v = v;
	v[t->n] = (struct traced){ .path = strdup(path) };
	return v[t->n].path ? (int)t->n++ : -ENOMEM;
}

static int record(struct traced *p, uint64_t call)
{
	size_t lo = 0, hi = p->n;
	uint64_t *v;

	while (lo < hi) {
		size_t middle = (lo + hi) / 2;

		if (p->calls[middle] < call)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo < p->n && p->calls[lo] == call)
		return 0;
	v = grow(p->calls, p->n, &p->room, sizeof(*v));
	if (!v)
		return -ENOMEM;
	p->calls = v;
	memmove(v + lo + 1, v + lo, (p->n++ - lo) * sizeof(*v));
	v[lo] = call;
	return 0;
}

/* The task may have been killed meanwhile: its end is reported later. */
static void go_on(pid_t tid, int signal)
{
	(void)ask(PTRACE_CONT, tid, 0, (uintptr_t)signal);
}

static int on_call(struct tracer *t, struct task *task)
{
	struct ptrace_syscall_info info;
	int r = 0;

	if (ask(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), (uintptr_t)&info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_SECCOMP && task->program >= 0)
		r = record(&t->trace->v[task->program],
			   (uint64_t)info.arch << 32 | (uint32_t)info.seccomp.nr);
	go_on(task->tid, 0);
	return r;
}

static int on_child(struct tracer *t, pid_t parent)
{
	struct task *task = task_of(t, parent), *child;
	unsigned long tid = 0;
	int program = task ? task->program : NO_PROGRAM;
	size_t before = t->n_tasks;

	if (ask(PTRACE_GETEVENTMSG, parent, 0, (uintptr_t)&tid) == 0) {
		child = task_of(t, (pid_t)tid);
		if (!task || !child)
			return -ENOMEM;
		child->program = program;
		/* It was there before and waits. */
		if (t->n_tasks == before)
			go_on((pid_t)tid, 0);
	}
	go_on(parent, 0);
	return 0;
}

static int on_exec(struct tracer *t, pid_t tid)
{
	unsigned long former = (unsigned long)tid;
	struct task *task;
	int program = program_of(t->trace, tid);

	/* A thread that execs takes the place of the first one. */
	if (ask(PTRACE_GETEVENTMSG, tid, 0, (uintptr_t)&former) == 0 && (pid_t)former != tid)
		forget(t, (pid_t)former);
	task = task_of(t, tid);
	if (!task || program == -ENOMEM)
		return -ENOMEM;
	task->program = program < 0 ? NO_PROGRAM : program;
	go_on(tid, 0);
	return 0;
}

static int on_stop(struct tracer *t, pid_t tid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	struct task *task = task_of(t, tid);

	if (!task)
		return -ENOMEM;
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		return on_call(t, task);
	case PTRACE_EVENT_EXEC:
		return on_exec(t, tid);
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		return on_child(t, tid);
	case PTRACE_EVENT_STOP:
		if (signal != SIGTRAP)
			(void)ask(PTRACE_LISTEN, tid, 0, 0);
		else if (task->program != NOT_TOLD)
			go_on(tid, 0);
		return 0;
	default:
		go_on(tid, signal);
		return 0;
	}
}

static int watch(struct tracer *t)
{
	int status, r = 0;

	while (r == 0) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			return errno == ECHILD ? 0 : -errno;
		if (WIFSTOPPED(status)) {
			r = on_stop(t, tid, status);
			continue;
		}
		forget(t, tid);
		if (tid == t->first)
			t->status = WIFEXITED(status) ? WEXITSTATUS(status)
						      : 128 + WTERMSIG(status);
	}
	return r;
}

/* In the child. Set-user-ID programs keep their power when we have it. */
static void become(char *const *argv, int ready_fd)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	struct sock_fprog program = { 1, &all };
	char byte;

	if (read(ready_fd, &byte, 1) == 1 &&
	    (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ||
	     (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)))
		execvp(argv[0], argv);
	fprintf(stderr, "hull-scan: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int start(struct tracer *t, char *const *argv, struct err *e)
{
	int ready[2], r = 0;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, "trace");
	t->first = fork();
	if (t->first == 0) {
		close(ready[1]);
		become(argv, ready[0]);
	}
	if (t->first < 0)
		r = err_sys(e, "trace %s", argv[0]);
	else if (ask(PTRACE_SEIZE, t->first, 0, TRACE_OPTIONS) < 0)
		r = err_sys(e, "trace %s", argv[0]);
	else if (write(ready[1], "", 1) != 1)
		r = err_sys(e, "trace %s", argv[0]);
	close(ready[0]);
	close(ready[1]);
	if (r < 0 && t->first > 0)
		waitpid(t->first, NULL, 0);
	return r;
}

int trace_run(char *const *argv, struct trace *ret_t, int *ret_status, struct err *e)
{
	struct tracer t = { .trace = ret_t };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old[2];
	struct task *first;
	int r;

	*ret_t = (struct trace){ 0 };
	r = start(&t, argv, e);
	if (r < 0)
		return r;
	/* The terminal's signals are for the command. */
	sigaction(SIGINT, &ignore, &old[0]);
	sigaction(SIGQUIT, &ignore, &old[1]);
	first = task_of(&t, t.first);
	if (first)
		first->program = NO_PROGRAM;
	r = first ? watch(&t) : -ENOMEM;
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGQUIT, &old[1], NULL);
	free(t.tasks);
	if (r < 0) {
		trace_done(ret_t);
		return err_set(e, r, "trace %s", argv[0]);
	}
	*ret_status = t.status;
	return 0;
}
