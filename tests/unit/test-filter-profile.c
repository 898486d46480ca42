/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that the programs carry: how much they refuse, and that they
 * refuse what Docker's does. */
#include "filter/profile.h"

#include "base/arena.h"
#include "filter/compile.h"
#include "filter/simulate.h"
#include "filter/syscalls.h"
#include "tap.h"

#include <errno.h>
#include <linux/seccomp.h>

/* What Docker's default profile refuses on x86-64 with its 14 capabilities
 * (moby/profiles seccomp v0.2.3, counted in September 2026). */
static const char *const docker[] = {
	"_sysctl",
	"acct",
	"add_key",
	"afs_syscall",
	"bpf",
	"clock_settime",
	"clone3",
	"create_module",
	"delete_module",
	"fanotify_init",
	"file_getattr",
	"file_setattr",
	"finit_module",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"get_kernel_syms",
	"get_mempolicy",
	"getpmsg",
	"init_module",
	"io_uring_enter",
	"io_uring_register",
	"io_uring_setup",
	"ioperm",
	"iopl",
	"kcmp",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"lookup_dcookie",
	"lsm_get_self_attr",
	"lsm_list_modules",
	"lsm_set_self_attr",
	"mbind",
	"migrate_pages",
	"mount",
	"mount_setattr",
	"move_mount",
	"move_pages",
	"nfsservctl",
	"open_by_handle_at",
	"open_tree",
	"open_tree_attr",
	"perf_event_open",
	"pidfd_getfd",
	"pivot_root",
	"process_madvise",
	"putpmsg",
	"query_module",
	"quotactl",
	"quotactl_fd",
	"reboot",
	"request_key",
	"security",
	"set_mempolicy",
	"set_mempolicy_home_node",
	"setdomainname",
	"sethostname",
	"setns",
	"settimeofday",
	"swapoff",
	"swapon",
	"sysfs",
	"syslog",
	"tuxcall",
	"umount2",
	"unshare",
	"uprobe",
	"uselib",
	"userfaultfd",
	"ustat",
	"vhangup",
	"vserver",
};

struct fixture {
	struct arena a;
	struct sock_fprog program;
};

static void load(struct fixture *f, const struct filter_policy *policy)
{
	arena_init(&f->a);
	CHECK_INT(filter_compile(policy, &f->a, &f->program, NULL), 0);
}

static uint32_t ask(const struct fixture *f, const char *name, uint64_t a0,
		    uint64_t a1, uint64_t a2)
{
	struct seccomp_data d = { .arch = filter_audit_arch(FILTER_X86_64),
				  .args = { a0, a1, a2 } };
	struct simulation s;

	CHECK(syscall_id(name) >= 0);
	d.nr = syscall_number(FILTER_X86_64, syscall_id(name));
	CHECK(d.nr >= 0);
	CHECK_INT(filter_simulate(&f->program, &d, &s), 0);
	return s.ret;
}

static int count_refused(const struct fixture *f, int *ret_cached)
{
	int refused = 0;

	*ret_cached = 0;
	for (int nr = 0; nr <= syscall_max(FILTER_X86_64); nr++) {
		struct seccomp_data d = {
			.arch = filter_audit_arch(FILTER_X86_64), .nr = nr
		};
		struct simulation s;

		if (!syscall_name(FILTER_X86_64, (uint32_t)nr))
			continue;
		CHECK_INT(filter_simulate(&f->program, &d, &s), 0);
		refused += s.ret != SECCOMP_RET_ALLOW;
		*ret_cached += s.is_constant;
	}
	return refused;
}

static void the_default_refuses_enough(void)
{
	struct fixture f;
	int cached, n;

	load(&f, &filter_profile_default);
	n = count_refused(&f, &cached);
	printf("# default: %d refused, %d answered by number alone, %d "
	       "instructions\n",
	       n, cached, f.program.len);
	CHECK(n >= 110);
	arena_done(&f.a);
}

static void the_strict_one_refuses_more(void)
{
	struct fixture f;
	int cached, n;

	load(&f, &filter_profile_strict);
	n = count_refused(&f, &cached);
	printf("# strict: %d refused, %d answered by number alone, %d "
	       "instructions\n",
	       n, cached, f.program.len);
	CHECK(n >= 170);
	arena_done(&f.a);
}

static void what_docker_refuses_is_refused(void)
{
	struct fixture f;

	load(&f, &filter_profile_default);
	for (size_t i = 0; i < sizeof(docker) / sizeof(docker[0]); i++) {
		if (ask(&f, docker[i], 0, 0, 0) == SECCOMP_RET_ALLOW)
			printf("# %s is allowed\n", docker[i]);
		CHECK(ask(&f, docker[i], 0, 0, 0) != SECCOMP_RET_ALLOW);
	}
	arena_done(&f.a);
}

static void dangerous_arguments_are_refused(void)
{
	const uint32_t no = SECCOMP_RET_ERRNO | EPERM, yes = SECCOMP_RET_ALLOW;
	struct fixture f;

	load(&f, &filter_profile_default);
	CHECK_INT(ask(&f, "clone", 17 /* SIGCHLD */, 0, 0), yes);
	CHECK_INT(ask(&f, "clone", 0x10000000 /* CLONE_NEWUSER */, 0, 0), no);
	CHECK_INT(ask(&f, "clone", 0x40000000 /* CLONE_NEWNET */, 0, 0), no);
	CHECK_INT(ask(&f, "clone3", 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(ask(&f, "socket", 2, 1, 0), yes);
	CHECK_INT(ask(&f, "socket", 38 /* AF_ALG */, 5, 0), no);
	CHECK_INT(ask(&f, "socket", 40 /* AF_VSOCK */, 1, 0), no);
	CHECK_INT(ask(&f, "socket", 17 /* AF_PACKET */, 3, 0), no);
	CHECK_INT(ask(&f, "socket", 16, 3, 0), yes);
	CHECK_INT(ask(&f, "socket", 16, 3, 9 /* NETLINK_AUDIT */),
		  SECCOMP_RET_ERRNO | EINVAL);
	CHECK_INT(ask(&f, "personality", 0xffffffff, 0, 0), yes);
	CHECK_INT(
		ask(&f, "personality", 0x0040000 /* ADDR_NO_RANDOMIZE */, 0, 0),
		no);
	CHECK_INT(ask(&f, "ioctl", 0, 0x5401 /* TCGETS */, 0), yes);
	CHECK_INT(ask(&f, "ioctl", 0, 0x5412 /* TIOCSTI */, 0), no);
	CHECK_INT(ask(&f, "ioctl", 0, 0x700005412, 0), no);
	CHECK_INT(ask(&f, "ioctl", 0, 0x541c /* TIOCLINUX */, 0), no);
	arena_done(&f.a);
}

/* Hot calls must be answered by the kernel's bitmap. */
static void hot_calls_are_constant(void)
{
	static const char *const hot[] = { "read",	 "write",    "futex",
					   "epoll_wait", "openat",   "close",
					   "mmap",	 "recvfrom", "sendto",
					   "poll",	 "getpid" };
	struct fixture f;

	load(&f, &filter_profile_default);
	for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++) {
		struct seccomp_data d = { .arch = filter_audit_arch(
						  FILTER_X86_64) };
		struct simulation s;

		d.nr = syscall_number(FILTER_X86_64, syscall_id(hot[i]));
		CHECK_INT(filter_simulate(&f.program, &d, &s), 0);
		CHECK_INT(s.ret, SECCOMP_RET_ALLOW);
		CHECK(s.is_constant);
	}
	arena_done(&f.a);
}

static void every_name_is_known(void)
{
	static const struct filter_policy *const all[] = {
		&filter_profile_default, &filter_profile_strict
	};

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < all[k]->n_rules; i++)
			for (size_t n = 0; n < all[k]->rules[i].n_names; n++)
				CHECK(syscall_id(all[k]->rules[i].names[n]) >=
				      0);
}

int main(void)
{
	TEST(every_name_is_known);
	TEST(the_default_refuses_enough);
	TEST(the_strict_one_refuses_more);
	TEST(what_docker_refuses_is_refused);
	TEST(dangerous_arguments_are_refused);
	TEST(hot_calls_are_constant);
	return tap_end();
}
