/* SPDX-License-Identifier: Apache-2.0 */
/* run/leap.c - the last step: from our own program into the container's. */
#include "run/leap.h"

#include "base/err.h"
#include "base/scope.h"
#include "run/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

/* All that the code of the leap may look at (L1). */
struct luggage {
	uintptr_t unmap_start;
	size_t unmap_size;
	struct prctl_mm_map map;
	struct sock_fprog filter;
	unsigned has_filter, filter_flags;
	uint64_t exec_key[3];
	int *listener_fd;
	int report_fd;
	struct leap_report report;
	const char *path;
	char *const *argv, *const *envp;
};

/* The linker's names for the ends of our own program. */
extern const char __executable_start[], _end[];
/* The ends of the section that holds the code below. */
extern const char __start_leap_code[], __stop_leap_code[];

#define LEAP_CODE                                                              \
	__attribute__((section("leap_code"), noinline, used,                   \
		       no_stack_protector, no_sanitize("undefined"),           \
		       no_sanitize("address")))

#if defined(__x86_64__)
#define RAW6(nr, a, b, c, d, e, f)                                             \
	({                                                                     \
		register long r10 asm("r10") = (long)(d);                      \
		register long r8 asm("r8") = (long)(e);                        \
		register long r9 asm("r9") = (long)(f);                        \
		long ret;                                                      \
		asm volatile("syscall"                                         \
			     : "=a"(ret)                                       \
			     : "a"((long)(nr)), "D"((long)(a)),                \
			       "S"((long)(b)), "d"((long)(c)), "r"(r10),       \
			       "r"(r8), "r"(r9)                                \
			     : "rcx", "r11", "memory");                        \
		ret;                                                           \
	})
#elif defined(__aarch64__)
#define RAW6(nr, a, b, c, d, e, f)                                             \
	({                                                                     \
		register long x8 asm("x8") = (long)(nr);                       \
		register long x0 asm("x0") = (long)(a);                        \
		register long x1 asm("x1") = (long)(b);                        \
		register long x2 asm("x2") = (long)(c);                        \
		register long x3 asm("x3") = (long)(d);                        \
		register long x4 asm("x4") = (long)(e);                        \
		register long x5 asm("x5") = (long)(f);                        \
		asm volatile("svc 0"                                           \
			     : "+r"(x0)                                        \
			     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4),    \
			       "r"(x5)                                         \
			     : "memory", "cc");                                \
		x0;                                                            \
	})
#else
#error "run/leap.c has no system call stub for this architecture"
#endif
#define RAW3(nr, a, b, c) RAW6(nr, a, b, c, 0, 0, 0)

LEAP_CODE static void cross(struct luggage *l)
{
	long r;

	l->report.step = LEAP_UNMAP;
	r = RAW3(SYS_munmap, l->unmap_start, l->unmap_size, 0);
	if (r < 0)
		goto out;

	l->report.step = LEAP_EXE;
	r = RAW6(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &l->map, sizeof(l->map),
		 0, 0);
	if (r < 0)
		goto out;

	l->report.step = LEAP_SECCOMP;
	if (l->has_filter) {
		r = RAW3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, l->filter_flags,
			 &l->filter);
		if (r < 0)
			goto out;
		/* From here on a call may stop us: this is none. */
		if (l->listener_fd)
			__atomic_store_n(l->listener_fd, (int)r,
					 __ATOMIC_RELEASE);
	}

	l->report.step = LEAP_EXEC;
	/* The last three are no arguments of execve(): see filter/key.h. */
	r = RAW6(SYS_execve, l->path, l->argv, l->envp, l->exec_key[0],
		 l->exec_key[1], l->exec_key[2]);
out:
	l->report.code = (int32_t)r;
	RAW3(SYS_write, l->report_fd, &l->report, sizeof(l->report));
	for (;;)
		RAW3(SYS_exit_group, 1, 0, 0);
}

/* A bump allocator over the one mapping. */
struct packer {
	char *next, *end;
};

static void *pack(struct packer *p, const void *from, size_t n)
{
	char *to = p->next;

	memcpy(to, from, n);
	p->next += (n + 15) & ~(size_t)15;
	return to;
}

static size_t strings_size(char *const *v)
{
	size_t size = 16;

	for (; *v; v++)
		size += sizeof(*v) + ((strlen(*v) + 16) & ~(size_t)15);
	return size;
}

static char *const *pack_strings(struct packer *p, char *const *v)
{
	size_t n = 0;
	char **copy;

	while (v[n])
		n++;
	copy = pack(p, v, (n + 1) * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		copy[i] = pack(p, v[i], strlen(v[i]) + 1);
	return copy;
}

/* An empty file to be /proc/self/exe until execve() replaces it. */
static int empty_exe(struct err *e)
{
	int fd = memfd_create("hull", MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("hull", MFD_CLOEXEC);
	return fd < 0 ? err_sys(e, "make an empty file for /proc/self/exe")
		      : fd;
}

static void fill(struct luggage *l, const struct leap_args *args,
		 struct packer *p, int exe_fd)
{
	uint64_t low = (uint64_t)(uintptr_t)l,
		 high = (uint64_t)(uintptr_t)p->end;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)__executable_start & ~(page - 1);

	*l = (struct luggage){
		.unmap_start = start,
		.unmap_size =
			(((uintptr_t)_end + page - 1) & ~(page - 1)) - start,
		/* The kernel wants ordered addresses, not meaningful ones, and
		 * execve() sets them anew. */
		.map = { .start_code = low,
			 .end_code = high,
			 .start_data = low,
			 .end_data = low,
			 .start_brk = high,
			 .brk = high,
			 .start_stack = low,
			 .arg_start = low,
			 .arg_end = low,
			 .env_start = low,
			 .env_end = low,
			 .exe_fd = (uint32_t)exe_fd },
		.filter_flags = args->filter_flags,
		.listener_fd = args->listener_fd,
		.report_fd = args->report_fd,
		.report = { .type = SYNC_LEAP },
		.path = pack(p, args->path, strlen(args->path) + 1),
		.argv = pack_strings(p, args->argv),
		.envp = pack_strings(p, args->envp),
	};
	if (args->exec_key)
		memcpy(l->exec_key, args->exec_key, sizeof(l->exec_key));
	if (args->filter) {
		size_t n = args->filter->len;

		l->has_filter = 1;
		l->filter.len = args->filter->len;
		l->filter.filter = pack(p, args->filter->filter,
					n * sizeof(struct sock_filter));
	}
}

int leap(const struct leap_args *args, struct err *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t code_size = (size_t)(__stop_leap_code - __start_leap_code);
	size_t code_room = (code_size + page - 1) & ~(page - 1);
	size_t data_size = sizeof(struct luggage) + 64 + strlen(args->path) +
			   strings_size(args->argv) + strings_size(args->envp);
	auto_fd int exe_fd = empty_exe(e);
	void (*code)(struct luggage *);
	struct packer p;
	char *mem;

	if (exe_fd < 0)
		return exe_fd;
	if (args->filter)
		data_size +=
			args->filter->len * sizeof(struct sock_filter) + 16;
	mem = mmap(NULL, code_room + data_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return err_sys(e, "map %zu bytes for exec",
			       code_room + data_size);
	memcpy(mem, __start_leap_code, code_size);
	if (mprotect(mem, code_room, PROT_READ | PROT_EXEC) < 0)
		return err_sys(e, "make the exec code executable");
	__builtin___clear_cache(mem, mem + code_size);

	p.next =
		mem + code_room + ((sizeof(struct luggage) + 15) & ~(size_t)15);
	p.end = mem + code_room + data_size;
	fill((struct luggage *)(mem + code_room), args, &p, exe_fd);

	/* The function may not be the first in its section. */
	code = (void (*)(struct luggage *))(
		uintptr_t)(mem + ((const char *)(uintptr_t)cross -
				  __start_leap_code));
	code((struct luggage *)(mem + code_room));
	__builtin_unreachable();
}

int leap_explain(const struct leap_report *report, const char *path,
		 struct err *e)
{
	switch (report->step) {
	case LEAP_UNMAP:
		return err_set(e, report->code,
			       "unmap the runtime's own program");
	case LEAP_EXE:
		err_set(e, report->code,
			"take the runtime's binary out of /proc/self/exe");
		return err_hint(e, report->code,
				"the kernel needs CONFIG_CHECKPOINT_RESTORE");
	case LEAP_SECCOMP:
		return err_set(e, report->code, "seccomp: install the filter");
	}
	return err_set(e, report->code, "exec \"%s\"", path);
}
