/* SPDX-License-Identifier: Apache-2.0 */
/* bench/filter SECCOMP.json [ROUNDS] - what a filter costs: to make, to load, a call.
 *
 * SECCOMP.json holds a linux.seccomp object (Docker's profile, as bench/run writes
 * it). Each round starts one process per filter, in turn: it compiles and installs
 * its filter and times three calls, so that what disturbs the machine disturbs all
 * filters. A line a filter: name, instructions, then the medians of
 *   compile, load          microseconds, the first time in a new process
 *   getppid                nanoseconds; the same verdict whatever the arguments, so
 *                          that the kernel's bitmap can answer
 *   personality, socket    nanoseconds; allowed with these arguments, which Docker's
 *                          profile and ours look at
 * and the minima of the same. libseccomp is loaded while it runs: it is not needed to
 * build hull. */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "filter/compile.h"
#include "filter/profile.h"
#include "oci/config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { CALLS = 20000, BATCHES = 5, ROUNDS_MAX = 500 };
enum figure { COMPILE, LOAD, GETPPID, PERSONALITY, SOCKET, FIGURES };

/* libseccomp's ABI, as <seccomp.h> has it. */
struct their_cond {
	unsigned arg;
	int op; /* enum filter_op + 1 */
	uint64_t a, b;
};
struct libseccomp {
	void *(*init)(uint32_t action);
	void (*release)(void *ctx);
	int (*arch_add)(void *ctx, uint32_t arch);
	int (*resolve)(const char *name);
	int (*rule_add)(void *ctx, uint32_t action, int nr, unsigned n, const struct their_cond *);
	int (*export)(void *ctx, int fd);
};
static struct libseccomp them;
static struct filter_policy docker;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int load_libseccomp(void)
{
	void *lib = dlopen("libseccomp.so.2", RTLD_NOW);
	static const char *const names[] = { "seccomp_init", "seccomp_release", "seccomp_arch_add",
					     "seccomp_syscall_resolve_name", "seccomp_rule_add_array",
					     "seccomp_export_bpf" };
	void *found[ARRAY_SIZE(names)];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		found[i] = lib ? dlsym(lib, names[i]) : NULL;
		if (!found[i])
			return -1;
	}
	memcpy(&them, found, sizeof(them));
	return 0;
}

/* ---- the filters ---- */

static int none(struct arena *a, struct sock_fprog *ret)
{
	(void)a;
	*ret = (struct sock_fprog){ 0 };
	return 0;
}

static int one(struct arena *a, struct sock_fprog *ret)
{
	static struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

	(void)a;
	*ret = (struct sock_fprog){ 1, code };
	return 0;
}

/* It loads an argument, so the bitmap cannot answer for it. */
static int two(struct arena *a, struct sock_fprog *ret)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	(void)a;
	*ret = (struct sock_fprog){ 2, code };
	return 0;
}

static int ours_default(struct arena *a, struct sock_fprog *ret)
{
	return filter_compile(&filter_profile_default, a, ret, NULL);
}

static int ours_strict(struct arena *a, struct sock_fprog *ret)
{
	return filter_compile(&filter_profile_strict, a, ret, NULL);
}

static int ours_docker(struct arena *a, struct sock_fprog *ret)
{
	return filter_compile(&docker, a, ret, NULL);
}

static void add_rule(void *ctx, const struct filter_rule *r)
{
	struct their_cond conds[6] = { 0 };

	for (size_t k = 0; k < r->n_conds && k < ARRAY_SIZE(conds); k++)
		conds[k] = (struct their_cond){ r->conds[k].index, (int)r->conds[k].op + 1,
						r->conds[k].value, r->conds[k].value_two };
	for (size_t k = 0; k < r->n_names; k++) {
		int nr = them.resolve(r->names[k]);

		if (nr != -1)
			(void)them.rule_add(ctx, filter_return(r->action, r->data), nr,
					    (unsigned)r->n_conds, conds);
	}
}

/* As runc and crun do it: no optimisation asked for, the program by way of a file. */
static int their_docker(struct arena *a, struct sock_fprog *ret)
{
	void *ctx = them.init(filter_return(docker.default_action, docker.default_data));
	auto_fd int fd = memfd_create("bpf", MFD_CLOEXEC);
	off_t size;

	if (!ctx || fd < 0)
		return -1;
	(void)them.arch_add(ctx, AUDIT_ARCH_I386);
	(void)them.arch_add(ctx, AUDIT_ARCH_X86_64 & ~(uint32_t)__AUDIT_ARCH_64BIT); /* x32 */
	for (size_t i = 0; i < docker.n_rules; i++)
		if (filter_return(docker.rules[i].action, docker.rules[i].data) !=
		    filter_return(docker.default_action, docker.default_data))
			add_rule(ctx, &docker.rules[i]);
	if (them.export(ctx, fd) < 0)
		return -1;
	them.release(ctx);
	size = lseek(fd, 0, SEEK_END);
	ret->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
	ret->filter = arena_alloc(a, (size_t)size);
	return ret->filter && pread(fd, ret->filter, (size_t)size, 0) == size ? 0 : -1;
}

static const struct filter {
	const char *name;
	int (*make)(struct arena *a, struct sock_fprog *ret);
} filters[] = {
	{ "no-filter", none },
	{ "one-instruction", one },
	{ "two-instructions", two },
	{ "hull-default", ours_default },
	{ "hull-strict", ours_strict },
	{ "docker-by-hull", ours_docker },
	{ "docker-by-libseccomp", their_docker },
};

/* ---- one process ---- */

/* Nanoseconds a call; the best of some batches, since an interrupt only adds. */
static double time_call(long nr, long a, long b, long c)
{
	double best = 0;

	for (int k = 0; k < BATCHES; k++) {
		double t = now_ns();

		for (int i = 0; i < CALLS; i++)
			syscall(nr, a, b, c);
		t = (now_ns() - t) / CALLS;
		if (k == 0 || t < best)
			best = t;
	}
	return best;
}

static void measure(const struct filter *f, int fd)
{
	struct { unsigned short n; double v[FIGURES]; } out = { 0 };
	struct sock_fprog p;
	struct arena a;
	double t;

	arena_init(&a);
	t = now_ns();
	if (f->make(&a, &p) < 0)
		_exit(2);
	out.n = p.len;
	out.v[COMPILE] = (now_ns() - t) / 1e3;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	t = now_ns();
	if (p.len && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		_exit(3);
	out.v[LOAD] = (now_ns() - t) / 1e3;
	out.v[GETPPID] = time_call(SYS_getppid, 0, 0, 0);
	out.v[PERSONALITY] = time_call(SYS_personality, 0xffffffff, 0, 0);
	out.v[SOCKET] = time_call(SYS_socket, AF_INET, -1, 0); /* EINVAL, from the kernel itself */
	_exit(write(fd, &out, sizeof(out)) == (ssize_t)sizeof(out) ? 0 : 4);
}

static int run(const struct filter *f, double v[FIGURES], unsigned *ret_n)
{
	struct { unsigned short n; double v[FIGURES]; } in;
	int fds[2], status = 0;
	pid_t pid;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		measure(f, fds[1]);
	close(fds[1]);
	n = read(fds[0], &in, sizeof(in));
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (status != 0 || n != (ssize_t)sizeof(in)) {
		fprintf(stderr, "filter: %s: status %#x\n", f->name, (unsigned)status);
		return -1;
	}
	memcpy(v, in.v, sizeof(in.v));
	*ret_n = in.n;
	return 0;
}

/* ---- all rounds ---- */

static double figures[ARRAY_SIZE(filters)][FIGURES][ROUNDS_MAX];
static unsigned lengths[ARRAY_SIZE(filters)];

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int read_docker(const char *path, struct arena *a)
{
	static char text[1 << 20];
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct err e = { 0 };

	if (n < 0 || oci_seccomp_read(text, (size_t)n, &(struct oci_read){ .name = path }, a,
				      &docker, &e) < 0) {
		fprintf(stderr, "filter: %s: %s\n", path, e.text);
		return -1;
	}
	return 0;
}

static void print(int rounds)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		printf("%s %u", filters[i].name, lengths[i]);
		for (int k = 0; k < FIGURES; k++)
			qsort(figures[i][k], (size_t)rounds, sizeof(double), by_size);
		for (int k = 0; k < FIGURES; k++)
			printf(" %.1f", figures[i][k][rounds / 2]);
		for (int k = 0; k < FIGURES; k++)
			printf(" %.1f", figures[i][k][0]);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20;
	struct arena a;

	arena_init(&a);
	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: filter SECCOMP.json [ROUNDS, 1 to %d]\n", ROUNDS_MAX);
		return 2;
	}
	if (load_libseccomp() < 0) {
		fprintf(stderr, "filter: libseccomp.so.2: %s\n", dlerror());
		return 1;
	}
	if (read_docker(argv[1], &a) < 0)
		return 1;
	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
			double v[FIGURES];

			if (run(&filters[i], v, &lengths[i]) < 0)
				return 1;
			for (int k = 0; k < FIGURES; k++)
				figures[i][k][r] = v[k];
		}
	print(rounds);
	return 0;
}
