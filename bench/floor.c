/* SPDX-License-Identifier: Apache-2.0 */
/* bench/floor.c - the least that starting a container costs on this kernel.
 *
 * Theory of operation
 * -------------------
 * Asks the kernel for what an OCI runtime must ask for to `run` the default
 * bundle, and for nothing else: no configuration is read, no state is written,
 * nothing is checked that need not be. New pid, mount, network, ipc, uts and
 * cgroup namespaces; the root as a bind mount; proc, /dev (tmpfs, devices,
 * links), devpts, shm, mqueue, sysfs and the cgroup tree; masked and read-only
 * paths; a cgroup in every hierarchy, joined and removed; capabilities
 * dropped; a seccomp filter that was compiled long ago; exec; wait.
 *
 * The work is the same in every variant; the options choose the way it is
 * asked for, so that each choice can be measured (docs/performance.md says
 * what came out). The defaults are the fastest way found:
 *
 *   supervisor "S"                        child "C"
 *   unified cgroup; clone3, not NEWNET -> unshare(CLONE_NEWNET), the longest call
 *   v1 cgroups made and filled         -> joins them ("0" > tasks)
 *   /dev and cgroup tree, detached     -> root, proc, attaches those, sysfs
 *   waits                                 pivot_root, covered paths, rights,
 *                                         filter, exec
 *   cgroups removed
 *
 * The two share one page for their signals and time marks. No libc call is made
 * after the clone: with share=vm both run in one memory image, errno included.
 * It is a measuring tool for a machine at rest: it trusts its bundle, ends at
 * the first error and may then leave its cgroups ("floor-PID") behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/floor-filter.h"

#define CGROUP_TOP "/sys/fs/cgroup"
#define MARKS 96

/* From <sys/mount.h>, which does not go together with <linux/mount.h>. */
#define OLD_DETACH 2

static struct options {
	const char *cgroup;    /* no | tasks | procs: who joins and how */
	const char *cgmount;   /* bind | fresh */
	const char *mount;     /* old | new */
	const char *share;     /* vm | copy */
	const char *net;       /* clone | child | no */
	const char *filter;    /* tree | linear | no */
	const char *early;     /* yes: S makes what it can while C makes its net */
	const char *keyring, *user_ns, *marks;
	const char *repeat;
	const char *root;
	char **argv;
} opt = {
	.cgroup = "tasks", .cgmount = "bind", .mount = "old", .share = "vm",
	.net = "child", .filter = "tree", .early = "yes", .keyring = "yes", .user_ns = "no", .marks = "no", .repeat = "1",
};

static bool is(const char *have, const char *want)
{
	return strcmp(have, want) == 0;
}

/* ---- system calls without errno ---- */

#define SYS(...) SYS_N(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_N(n, a, b, c, d, e, f, ...) \
	raw(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline long raw(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

struct shared {
	uint32_t cgroup_made, is_mapped, tree_made;
	int early_dev, early_cgroup;
	struct mark {
		const char *what;
		uint64_t at;
	} marks[2][MARKS];
	uint32_t n_marks[2];
};

static struct shared *shared;
static bool want_marks;

static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static void mark(int who, const char *what)
{
	if (want_marks && shared->n_marks[who] < MARKS)
		shared->marks[who][shared->n_marks[who]++] = (struct mark){ what, ticks() };
}

static void put(const char *text)
{
	SYS(SYS_write, 2, text, strlen(text));
}

static _Noreturn void fail(const char *what, long error)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = 0;
	*--p = '\n';
	for (error = -error; error; error /= 10)
		*--p = '0' + error % 10;
	put("floor: ");
	put(what);
	put(": errno ");
	put(p);
	SYS(SYS_exit_group, 1);
	__builtin_unreachable();
}

static long must(long r, const char *what)
{
	if (r < 0)
		fail(what, r);
	return r;
}

#define MUST(...) must(SYS(__VA_ARGS__), #__VA_ARGS__)

static void flag_raise(uint32_t *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
	SYS(SYS_futex, flag, FUTEX_WAKE, 1);
}

static void flag_await(uint32_t *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_SEQ_CST))
		SYS(SYS_futex, flag, FUTEX_WAIT, 0, NULL);
}

static void write_text(int dir, const char *path, const char *text)
{
	long fd = must(SYS(SYS_openat, dir, path, O_WRONLY | O_CLOEXEC), path);

	must(SYS(SYS_write, fd, text, strlen(text)), path);
	SYS(SYS_close, fd);
}

/* ---- cgroups ---- */

static const char *const hierarchies[] = {
	"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "unified",
};
#define N_HIERARCHIES (sizeof(hierarchies) / sizeof(hierarchies[0]))
#define UNIFIED (N_HIERARCHIES - 1)
static int cgroup_fds[N_HIERARCHIES];   /* the container's folder in each */
static char cgroup_name[32];

static char *cgroup_path(char path[96], size_t i)
{
	char *p = stpcpy(stpcpy(stpcpy(path, CGROUP_TOP "/"), hierarchies[i]), "/");

	return stpcpy(p, cgroup_name);
}

static void cpuset_fill(int fd)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char text[256];

	for (int i = 0; i < 2; i++) {
		long up = must(SYS(SYS_openat, fd, i ? "../cpuset.mems" : "../cpuset.cpus",
				   O_RDONLY | O_CLOEXEC), "cpuset");
		long n = must(SYS(SYS_read, up, text, sizeof(text) - 1), "cpuset");

		SYS(SYS_close, up);
		text[n] = 0;
		write_text(fd, files[i], text);
	}
}

static void devices_fill(int fd)
{
	static const char *const rules[] = {
		"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:8 rwm", "c 1:7 rwm", "c 5:0 rwm",
		"c 1:5 rwm", "c 1:9 rwm", "c 136:* rwm", "c 5:2 rwm",
	};
	long allow;

	write_text(fd, "devices.deny", "a");
	allow = must(SYS(SYS_openat, fd, "devices.allow", O_WRONLY | O_CLOEXEC), "devices");
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		must(SYS(SYS_write, allow, rules[i], strlen(rules[i])), rules[i]);
	SYS(SYS_close, allow);
}

static void cgroup_make_one(size_t i)
{
	char path[96];

	cgroup_path(path, i);
	must(SYS(SYS_mkdir, path, 0755), path);
	cgroup_fds[i] = must(SYS(SYS_open, path, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
	if (is(hierarchies[i], "cpuset"))
		cpuset_fill(cgroup_fds[i]);
	if (is(hierarchies[i], "devices"))
		devices_fill(cgroup_fds[i]);
}

static void cgroup_make(void)
{
	for (size_t i = 0; i < UNIFIED; i++)
		cgroup_make_one(i);
	mark(0, "cgroups made and filled");
}

/* Each v1 hierarchy by itself. "0" in `tasks` moves the writing thread only, so
 * the kernel needs not stop all forks and exits of the machine; a pid, or
 * `cgroup.procs`, takes cgroup_threadgroup_rwsem for writing. */
static void cgroup_join(pid_t pid, const char *file)
{
	char text[16], *p = text + sizeof(text);
	bool pid_given = pid != 0;

	*--p = 0;
	do
		*--p = '0' + pid % 10;
	while (pid /= 10);
	for (size_t i = 0; i < UNIFIED; i++) {
		char path[96];

		if (is(opt.share, "vm") || pid_given) {
			write_text(cgroup_fds[i], file, p);
			continue;
		}
		strcpy(stpcpy(cgroup_path(path, i), "/"), file);
		write_text(AT_FDCWD, path, p);
	}
}

static void cgroup_remove(void)
{
	char path[96];

	for (size_t i = 0; i < N_HIERARCHIES; i++) {
		cgroup_path(path, i);
		must(SYS(SYS_rmdir, path), path);
	}
}

/* ---- mounts: one call for both interfaces ---- */

struct fs {
	const char *type, *data;
	unsigned long old_flags;
	unsigned attrs;
	const char *keys[8];    /* the same data for fsconfig(): key, value... */
};

#define OLD_RDONLY 1
#define OLD_NOSUID 2
#define OLD_NODEV 4
#define OLD_NOEXEC 8
#define OLD_REMOUNT 32
#define OLD_BIND 4096
#define OLD_REC 16384
#define OLD_SLAVE (1 << 19)
#define OLD_STRICTATIME (1 << 24)
#define OLD_SAFE (OLD_NOSUID | OLD_NODEV | OLD_NOEXEC)
#define NEW_SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const struct fs fs_proc = { "proc", "", OLD_SAFE, NEW_SAFE, {} };
static const struct fs fs_dev = {
	"tmpfs", "mode=755,size=65536k", OLD_NOSUID | OLD_STRICTATIME,
	MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, { "mode", "755", "size", "65536k" },
};
static const struct fs fs_pts = {
	"devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", OLD_NOSUID | OLD_NOEXEC,
	MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	{ "ptmxmode", "0666", "mode", "0620", "gid", "5" },
};
static const struct fs fs_shm = {
	"tmpfs", "mode=1777,size=65536k", OLD_SAFE, NEW_SAFE,
	{ "mode", "1777", "size", "65536k" },
};
static const struct fs fs_mqueue = { "mqueue", "", OLD_SAFE, NEW_SAFE, {} };
static const struct fs fs_sys = {
	"sysfs", "", OLD_SAFE | OLD_RDONLY, NEW_SAFE | MOUNT_ATTR_RDONLY, {},
};
static const struct fs fs_cgroup_top = {
	"tmpfs", "mode=755", OLD_SAFE, NEW_SAFE, { "mode", "755" },
};
static const struct fs fs_mask = {
	"tmpfs", "nr_blocks=1,nr_inodes=1", OLD_RDONLY, MOUNT_ATTR_RDONLY,
	{ "nr_blocks", "1", "nr_inodes", "1" },
};

/* A mounted but not attached file system. */
static int fs_new(const struct fs *fs)
{
	int ctx = MUST(SYS_fsopen, fs->type, FSOPEN_CLOEXEC), fd;

	for (int i = 0; i < 8 && fs->keys[i]; i += 2)
		must(SYS(SYS_fsconfig, ctx, FSCONFIG_SET_STRING, fs->keys[i], fs->keys[i + 1], 0),
		     fs->keys[i]);
	must(SYS(SYS_fsconfig, ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0), fs->type);
	fd = MUST(SYS_fsmount, ctx, FSMOUNT_CLOEXEC, fs->attrs);
	SYS(SYS_close, ctx);
	return fd;
}

/* Relative to the current folder. */
static void attach(int fd, const char *where)
{
	must(SYS(SYS_move_mount, fd, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH), where);
	SYS(SYS_close, fd);
}

static void fs_put(const struct fs *fs, const char *where)
{
	if (is(opt.mount, "new"))
		attach(fs_new(fs), where);
	else
		must(SYS(SYS_mount, fs->type, where, fs->type, fs->old_flags, fs->data), where);
}

/* 0, or -ENOENT when there is no such path to cover. */
static long bind_put(const char *from, const char *where, bool read_only)
{
	long r;

	if (is(opt.mount, "new")) {
		struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
		long fd = SYS(SYS_open_tree, AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

		if (fd < 0)
			return fd;
		if (read_only)
			MUST(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
		r = SYS(SYS_move_mount, fd, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH);
		SYS(SYS_close, fd);
		return r;
	}
	r = SYS(SYS_mount, from, where, NULL, OLD_BIND, NULL);
	if (r < 0 || !read_only)
		return r;
	return must(SYS(SYS_mount, NULL, where, NULL,
			OLD_BIND | OLD_REMOUNT | OLD_RDONLY | OLD_SAFE, NULL), where);
}

/* ---- the child's parts ---- */

static void dev_nodes(int dev)
{
	static const struct {
		const char *name, *host;
		int major, minor;
	} nodes[] = {
		{ "null", "/dev/null", 1, 3 }, { "zero", "/dev/zero", 1, 5 },
		{ "full", "/dev/full", 1, 7 }, { "tty", "/dev/tty", 5, 0 },
		{ "random", "/dev/random", 1, 8 }, { "urandom", "/dev/urandom", 1, 9 },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "pts/ptmx", "ptmx" },
	};
	static const char *const dirs[] = { "pts", "shm", "mqueue" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		MUST(SYS_mkdirat, dev, dirs[i], 0755);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (is(opt.user_ns, "yes")) {
			SYS(SYS_close, MUST(SYS_openat, dev, nodes[i].name, O_CREAT, 0));
			continue;
		}
		MUST(SYS_mknodat, dev, nodes[i].name, S_IFCHR | 0666,
		     makedev(nodes[i].major, nodes[i].minor));
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		MUST(SYS_symlinkat, links[i][0], dev, links[i][1]);
}

/* A user namespace may not make devices: the host's are bound. */
static void dev_binds(void)
{
	static const char *const pairs[][2] = {
		{ "/dev/null", "dev/null" }, { "/dev/zero", "dev/zero" }, { "/dev/full", "dev/full" },
		{ "/dev/tty", "dev/tty" }, { "/dev/random", "dev/random" },
		{ "/dev/urandom", "dev/urandom" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		must(bind_put(pairs[i][0], pairs[i][1], false), pairs[i][1]);
}

static void mount_cgroups(void)
{
	static char data[16];

	for (size_t i = 0; i < N_HIERARCHIES; i++) {
		char from[96], where[48];

		cgroup_path(from, i);
		strcpy(stpcpy(where, "sys/fs/cgroup/"), hierarchies[i]);
		MUST(SYS_mkdir, where, 0755);
		if (is(opt.cgmount, "bind")) {
			must(bind_put(from, where, true), where);
			continue;
		}
		strcpy(data, hierarchies[i]);
		if (i == UNIFIED)
			must(SYS(SYS_mount, "cgroup2", where, "cgroup2",
				 OLD_SAFE | OLD_RDONLY, ""), where);
		else
			must(SYS(SYS_mount, "cgroup", where, "cgroup",
				 OLD_SAFE | OLD_RDONLY, data), where);
	}
}

/* Mounts on a mount that is not attached itself: Linux 6.15. */
static void attach_at(int fd, int dir, const char *where)
{
	must(SYS(SYS_move_mount, fd, "", dir, where, MOVE_MOUNT_F_EMPTY_PATH), where);
	SYS(SYS_close, fd);
}

static void early_cgroups(int top)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | NEW_SAFE };

	for (size_t i = 0; i < N_HIERARCHIES; i++) {
		int fd = MUST(SYS_open_tree, cgroup_fds[i], "",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

		MUST(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
		MUST(SYS_mkdirat, top, hierarchies[i], 0755);
		attach_at(fd, top, hierarchies[i]);
	}
	MUST(SYS_mount_setattr, top, "", AT_EMPTY_PATH, &attr, sizeof(attr));
}

/* By the supervisor, while the child waits for its network namespace. */
static void mount_early(void)
{
	shared->early_dev = fs_new(&fs_dev);
	dev_nodes(shared->early_dev);
	attach_at(fs_new(&fs_pts), shared->early_dev, "pts");
	attach_at(fs_new(&fs_shm), shared->early_dev, "shm");
	mark(0, "early /dev");
	if (!is(opt.cgroup, "no")) {
		shared->early_cgroup = fs_new(&fs_cgroup_top);
		early_cgroups(shared->early_cgroup);
		mark(0, "early cgroup tree");
	}
}

static void mount_all(void)
{
	bool early = is(opt.early, "yes");
	int root;

	MUST(SYS_mount, NULL, "/", NULL, OLD_REC | OLD_SLAVE, NULL);
	mark(1, "/ made slave");
	must(bind_put(opt.root, opt.root, false), opt.root);
	root = must(SYS(SYS_open, opt.root, O_PATH | O_DIRECTORY | O_CLOEXEC), opt.root);
	MUST(SYS_fchdir, root);
	mark(1, "root bound");
	fs_put(&fs_proc, "proc");
	mark(1, "proc");
	if (early) {
		flag_await(&shared->tree_made);
		mark(1, "early awaited");
		attach(shared->early_dev, "dev");
	} else {
		int dev;

		fs_put(&fs_dev, "dev");
		mark(1, "dev");
		dev = must(SYS(SYS_open, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC), "dev");
		dev_nodes(dev);
		SYS(SYS_close, dev);
		mark(1, "nodes");
		fs_put(&fs_pts, "dev/pts");
		mark(1, "pts");
		fs_put(&fs_shm, "dev/shm");
		mark(1, "shm");
	}
	if (is(opt.user_ns, "yes"))
		dev_binds();
	fs_put(&fs_mqueue, "dev/mqueue");
	mark(1, "mqueue");
	fs_put(&fs_sys, "sys");
	mark(1, "sysfs");
	if (is(opt.cgroup, "no"))
		return;
	if (early) {
		attach(shared->early_cgroup, "sys/fs/cgroup");
		mark(1, "cgroup tree");
		return;
	}
	fs_put(&fs_cgroup_top, "sys/fs/cgroup");
	mark(1, "cgroup tmpfs");
	mount_cgroups();
	MUST(SYS_mount, NULL, "sys/fs/cgroup", NULL, OLD_REMOUNT | OLD_BIND | OLD_SAFE | OLD_RDONLY,
	     NULL);
	mark(1, "cgroup binds");
}

static void pivot(void)
{
	MUST(SYS_pivot_root, ".", ".");
	mark(1, "pivot_root");
	MUST(SYS_umount2, ".", OLD_DETACH);
	mark(1, "old root gone");
	MUST(SYS_chdir, "/");
}

/* What kind it is must be known before: a mount that fails (file upon folder)
 * is taken apart again, and that waits for an RCU grace period. One empty file
 * system serves all folders. */
static void mask_put(const char *path, int *mask)
{
	struct stat st;
	long r = SYS(SYS_stat, path, &st);

	if (r == -ENOENT)
		return;
	must(r, path);
	if (!S_ISDIR(st.st_mode)) {
		must(bind_put("/dev/null", path, false), path);
	} else if (is(opt.mount, "new")) {
		if (*mask < 0)
			*mask = fs_new(&fs_mask);
		attach(MUST(SYS_open_tree, *mask, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			    AT_EMPTY_PATH), path);
	} else {
		must(SYS(SYS_mount, "tmpfs", path, "tmpfs", OLD_RDONLY, fs_mask.data), path);
	}
}

static void cover_paths(void)
{
	static const char *const masked[] = {
		"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
		"/proc/scsi",
	};
	static const char *const read_only[] = {
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	};
	int mask = -1;

	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		long r = bind_put(read_only[i], read_only[i], true);

		if (r < 0 && r != -ENOENT)
			fail(read_only[i], r);
	}
	mark(1, "read-only paths");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		mask_put(masked[i], &mask);
	mark(1, "masked paths");
}

static void drop_rights(void)
{
	static const uint64_t keep = 1 << CAP_AUDIT_WRITE | 1 << CAP_KILL |
				     1 << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { keep, keep, 0 }, { 0, 0, 0 } };
	struct rlimit limit = { 1024, 1024 };

	if (is(opt.keyring, "yes"))
		MUST(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, "_ses.floor");
	mark(1, "keyring");
	MUST(SYS_setrlimit, RLIMIT_NOFILE, &limit);
	MUST(SYS_sethostname, "floor", 5);
	MUST(SYS_umask, 022);
	for (int c = 0; c <= CAP_LAST_CAP; c++)
		if (!(keep >> c & 1))
			SYS(SYS_prctl, PR_CAPBSET_DROP, c);
	MUST(SYS_setgroups, 0, NULL);
	MUST(SYS_setresgid, 0, 0, 0);
	MUST(SYS_setresuid, 0, 0, 0);
	MUST(SYS_capset, &h, d);
	MUST(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	mark(1, "rights dropped");
}

static void filter_install(void)
{
	struct sock_fprog tree = { sizeof(filter_tree) / sizeof(filter_tree[0]),
				   (struct sock_filter *)filter_tree };
	struct sock_fprog linear = { sizeof(filter_linear) / sizeof(filter_linear[0]),
				     (struct sock_filter *)filter_linear };

	if (!is(opt.filter, "no"))
		MUST(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
		     is(opt.filter, "tree") ? &tree : &linear);
	mark(1, "filter");
}

static char *const container_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL,
};

static _Noreturn void child(void)
{
	mark(1, "child runs");
	SYS(SYS_setsid);
	if (is(opt.user_ns, "yes"))
		flag_await(&shared->is_mapped);
	if (is(opt.net, "child")) {
		MUST(SYS_unshare, CLONE_NEWNET);
		mark(1, "net namespace");
	}
	if (!is(opt.cgroup, "no")) {
		flag_await(&shared->cgroup_made);
		mark(1, "cgroups awaited");
		if (is(opt.cgroup, "tasks"))
			cgroup_join(0, "tasks");
		mark(1, "cgroups joined");
	}
	MUST(SYS_unshare, CLONE_NEWCGROUP);
	mark(1, "cgroup namespace");
	if (is(opt.user_ns, "yes")) {
		MUST(SYS_setresgid, 0, 0, 0);
		MUST(SYS_setresuid, 0, 0, 0);
	}
	mount_all();
	pivot();
	cover_paths();
	drop_rights();
	SYS(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE);
	filter_install();
	must(SYS(SYS_execve, opt.argv[0], opt.argv, container_env), opt.argv[0]);
	__builtin_unreachable();
}

/* ---- the supervisor ---- */

/* The clone itself in assembler: with CLONE_VM the child starts on its own
 * stack, on which no frame of a C function lies. */
static long clone_child(struct clone_args *args)
{
	register long r8 __asm__("r8") = (long)child;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "and $-16, %%rsp\n\t"
			 "call *%%r8\n\t"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static void user_map(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	write_text(AT_FDCWD, path, "0 100000 65536");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	write_text(AT_FDCWD, path, "0 100000 65536");
	flag_raise(&shared->is_mapped);
}

static char child_stack[65536] __attribute__((aligned(16)));

static uint64_t clone_flags(void)
{
	uint64_t flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;

	if (is(opt.net, "clone"))
		flags |= CLONE_NEWNET;
	if (is(opt.user_ns, "yes"))
		flags |= CLONE_NEWUSER;
	if (!is(opt.cgroup, "no"))
		flags |= CLONE_INTO_CGROUP;
	if (is(opt.share, "vm"))
		flags |= CLONE_VM;
	if (is(opt.early, "yes") || is(opt.share, "vm"))
		flags |= CLONE_FILES;
	return flags;
}

static void supervise(pid_t pid)
{
	int status = 0;

	if (is(opt.user_ns, "yes"))
		user_map(pid);
	if (!is(opt.cgroup, "no")) {
		cgroup_make();
		if (is(opt.cgroup, "procs"))
			cgroup_join(pid, "cgroup.procs");
		flag_raise(&shared->cgroup_made);
		mark(0, "cgroups told");
	}
	if (is(opt.early, "yes")) {
		mount_early();
		flag_raise(&shared->tree_made);
	}
	MUST(SYS_wait4, pid, &status, 0, NULL);
	mark(0, "child reaped");
	if (status != 0)
		fail("the program's status", -status);
	if (!is(opt.cgroup, "no")) {
		cgroup_remove();
		for (size_t i = 0; i < N_HIERARCHIES; i++)
			SYS(SYS_close, cgroup_fds[i]);
	}
	mark(0, "cgroups removed");
}

static void run_one(void)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = clone_flags(), .exit_signal = SIGCHLD, .pidfd = (uintptr_t)&pidfd,
	};
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	if (is(opt.share, "vm")) {
		args.stack = (uintptr_t)child_stack;
		args.stack_size = sizeof(child_stack);
	}
	mark(0, "begin");
	if (!is(opt.cgroup, "no")) {
		cgroup_make_one(UNIFIED);
		args.cgroup = cgroup_fds[UNIFIED];
	}
	mark(0, "unified cgroup made");
	pid = must(clone_child(&args), "clone3");
	mark(0, "cloned");
	supervise(pid);
	SYS(SYS_close, pidfd);
}

static double ticks_per_us(void)
{
	struct timespec a, b;
	uint64_t t = ticks();

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec < 20000000);
	return (ticks() - t) / 20000.0;
}

/* One line a mark: task, label, microseconds since the start and since the
 * task's mark before it. */
static void print_marks(double per_us)
{
	for (int who = 0; who < 2; who++)
		for (uint32_t i = 0; i < shared->n_marks[who]; i++) {
			struct mark *m = &shared->marks[who][i];

			printf("%c\t%s\t%.1f\t%.1f\n", "SC"[who], m->what,
			       (m->at - shared->marks[0][0].at) / per_us,
			       i ? (m->at - m[-1].at) / per_us : 0.0);
		}
}

static const struct {
	const char *name;
	const char **where;
} names[] = {
	{ "cgroup", &opt.cgroup }, { "cgmount", &opt.cgmount }, { "mount", &opt.mount },
	{ "share", &opt.share }, { "net", &opt.net }, { "filter", &opt.filter },
	{ "early", &opt.early }, { "keyring", &opt.keyring },
	{ "user-ns", &opt.user_ns }, { "marks", &opt.marks }, { "repeat", &opt.repeat },
};

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: floor [--NAME=VALUE]... ROOTFS PROGRAM [ARG]...\n"
		"names: cgroup=no|tasks|procs cgmount=bind|fresh mount=old|new\n"
		"share=vm|copy net=clone|child|no filter=tree|linear|no early=no|yes\n"
		"keyring=yes|no user-ns=no|yes marks=no|yes repeat=N\n");
	exit(2);
}

static bool take_option(const char *arg)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);

		if (!strncmp(arg, names[i].name, n) && arg[n] == '=') {
			*names[i].where = arg + n + 1;
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	int i = 1, repeat;

	for (; i < argc && !strncmp(argv[i], "--", 2); i++)
		if (!take_option(argv[i] + 2))
			usage();
	if (argc - i < 2)
		usage();
	opt.root = argv[i];
	opt.argv = argv + i + 1;
	want_marks = is(opt.marks, "yes");
	/* File systems of a user namespace are made inside it. */
	if (is(opt.user_ns, "yes"))
		opt.early = "no";
	repeat = atoi(opt.repeat);
	snprintf(cgroup_name, sizeof(cgroup_name), "floor-%d", getpid());
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap", -errno);
	while (repeat-- > 0) {
		run_one();
		if (want_marks)
			print_marks(ticks_per_us());
	}
	return 0;
}
