/* SPDX-License-Identifier: Apache-2.0 */
/* Our profiles in this kernel: every x86-64 number is called under them, and
 * the kernel answers what filter/simulate.h says it would.
 *
 * So that exit, pause or reboot can be called, too, a second filter asks a
 * listener about each call: the stricter of two filters decides, so what the
 * profile refuses fails, and what it allows comes to the listener, who says
 * ALLOWED and runs nothing. The caller's results go through shared memory. */
#include "kernel.h"

#include "base/arena.h"
#include "filter/compile.h"
#include "filter/profile.h"
#include "filter/simulate.h"
#include "filter/syscalls.h"

#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { NUMBERS = 600, ALLOWED = 4242, DONE = 1 };

struct shared {
	atomic_int listener, stage;
	long result[NUMBERS];
};

static int install(const struct sock_fprog *program, unsigned flags)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags,
			    program);
}

/* About everything but seccomp() itself, with which the profile comes next. */
static int install_listener(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog p = { 4, code };

	return install(&p, SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

/* uretprobe and uprobe are for trampolines that the kernel itself puts into
 * traced programs: since Linux 6.14 and 6.18 no filter is asked about them, and
 * whoever else calls uretprobe gets SIGILL. */
static bool is_unfiltered(int nr)
{
	return nr == 335 || nr == 336;
}

static void call_all(struct shared *s, const struct sock_fprog *profile)
{
	int fd;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = install_listener();
	atomic_store(&s->listener, fd);
	if (fd < 0 || install(profile, 0) < 0)
		_exit(1);
	for (int nr = 0; nr < NUMBERS; nr++) {
		long r;

		if (is_unfiltered(nr))
			continue;
		r = syscall(nr, 0, 0, 0, 0, 0, 0);
		s->result[nr] = r < 0 ? -errno : r;
	}
	atomic_store(&s->stage, DONE);
	_exit(0);
}

/* One call that waits for its answer. */
static void answer_one(const struct shared *s, int fd)
{
	struct seccomp_notif ask = { 0 };
	struct seccomp_notif_resp say = { 0 };

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return;
	say.id = ask.id;
	if (atomic_load(&s->stage) == DONE)
		say.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		say.val = ALLOWED;
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &say);
}

/* Until the caller is gone: how many calls its end takes is the C library's
 * business, and a sanitizer's. */
static void answer(struct shared *s, int pidfd)
{
	struct pollfd p[] = { { -1, POLLIN, 0 }, { pidfd, POLLIN, 0 } };

	while ((p[0].fd = atomic_load(&s->listener)) == 0)
		;
	while (poll(p, 2, -1) > 0 && !p[1].revents)
		if (p[0].revents & POLLIN)
			answer_one(s, p[0].fd);
}

static struct shared *ask_the_kernel(const struct sock_fprog *profile)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_FILES | CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	int status = -1;

	if (pid == 0)
		call_all(s, profile);
	answer(s, pidfd);
	waitpid((pid_t)pid, &status, 0);
	close(s->listener);
	close(pidfd);
	CHECK_INT(status, 0);
	return s;
}

static long simulated(const struct sock_fprog *profile, int nr,
		      bool *ret_constant)
{
	struct seccomp_data d = { .nr = nr,
				  .arch = filter_audit_arch(FILTER_X86_64) };
	struct simulation sim;

	CHECK_INT(filter_simulate(profile, &d, &sim), 0);
	*ret_constant = sim.is_constant;
	if ((sim.ret & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return -(long)(sim.ret & SECCOMP_RET_DATA);
	return ALLOWED;
}

/* seccomp(0, 0, 0) was really made. */
static bool is_as_simulated(int nr, long result, long wanted)
{
	if (nr == SYS_seccomp && wanted == ALLOWED)
		return result == -EINVAL;
	return result == wanted;
}

static void probe(const char *name, const struct filter_policy *policy,
		  int at_least)
{
	struct sock_fprog profile;
	struct shared *s;
	struct arena a;
	int refused = 0;

	arena_init(&a);
	CHECK_INT(filter_compile(policy, &a, &profile, NULL), 0);
	s = ask_the_kernel(&profile);
	for (int nr = 0; nr < NUMBERS; nr++) {
		bool is_constant;
		long wanted = simulated(&profile, nr, &is_constant);

		if (is_unfiltered(nr))
			continue;
		if (!is_as_simulated(nr, s->result[nr], wanted))
			printf("# number %d: %ld, simulated %ld\n", nr,
			       s->result[nr], wanted);
		CHECK(is_as_simulated(nr, s->result[nr], wanted));
		if (nr > syscall_max(FILTER_X86_64))
			CHECK_INT(s->result[nr], -ENOSYS);
		else if (syscall_name(FILTER_X86_64, (uint32_t)nr))
			refused += is_constant && wanted != ALLOWED;
	}
	printf("# %s: %d calls refused whatever their arguments\n", name,
	       refused);
	CHECK(refused >= at_least);
	munmap(s, sizeof(*s));
	arena_done(&a);
}

static void the_default_profile(void)
{
	probe("default", &filter_profile_default, 110);
}

static void the_strict_profile(void)
{
	probe("strict", &filter_profile_strict, 170);
}

static int under_default(long (*call)(void))
{
	struct sock_fprog profile;
	struct arena a;
	long r;

	arena_init(&a);
	if (filter_compile(&filter_profile_default, &a, &profile, NULL) < 0)
		return 200;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (install(&profile, 0) < 0)
		return 201;
	r = call();
	return r < 0 ? (int)-r : 0;
}

/* The result is -errno. */
static long int80(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

static long i386_getpid(void)
{
	return int80(20, 0, 0, 0);
}

/* socketcall(SYS_SOCKET, args): AF_ALG could be in the args. */
static long i386_socketcall(void)
{
	return int80(102, 1, 0, 0);
}

static long i386_socket_alg(void)
{
	return int80(359, 38, 5, 0);
}

static long i386_clone_newuser(void)
{
	return int80(120, 0x10000000, 0, 0);
}

static long i386_mount(void)
{
	return int80(21, 0, 0, 0);
}

static long x32_getpid(void)
{
	return syscall(0x40000000 + SYS_getpid);
}

static long minus_one(void)
{
	return syscall(-1) < 0 ? -errno : 0;
}

static int run_getpid(void)
{
	return under_default(i386_getpid);
}

static int run_socketcall(void)
{
	return under_default(i386_socketcall);
}

static int run_socket_alg(void)
{
	return under_default(i386_socket_alg);
}

static int run_clone(void)
{
	return under_default(i386_clone_newuser);
}

static int run_mount(void)
{
	return under_default(i386_mount);
}

static int run_x32(void)
{
	return under_default(x32_getpid);
}

static int run_minus_one(void)
{
	return under_default(minus_one);
}

/* The other way into the kernel is as narrow. A kernel without it ends the
 * program by a signal. */
static void calls_of_32_bit_programs(void)
{
	int r = in_child(run_getpid);

	if (r != 0) {
		printf("# this kernel runs no 32-bit programs\n");
		return;
	}
	CHECK_INT(in_child(run_socketcall), ENOSYS);
	CHECK_INT(in_child(run_socket_alg), EPERM);
	CHECK_INT(in_child(run_clone), EPERM);
	CHECK_INT(in_child(run_mount), EPERM);
}

static void x32_is_killed_and_minus_one_is_not(void)
{
	int status = in_child(run_x32) - 1000;

	CHECK(status > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	CHECK_INT(in_child(run_minus_one), ENOSYS);
}

int main(void)
{
	TEST(the_default_profile);
	TEST(the_strict_profile);
	TEST(calls_of_32_bit_programs);
	TEST(x32_is_killed_and_minus_one_is_not);
	return tap_end();
}
