/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(PR_SET_MM_MAP) with another file for /proc/self/exe (run/leap.c) needs
 * a capability over the process's own user namespace only, and that no mapping
 * of the old file is left. */
#include "kernel.h"

#include <linux/prctl.h>
#include <sys/mman.h>

static int set_exe(void)
{
	int fd = memfd_create("exe", MFD_CLOEXEC);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t a = (uint64_t)(uintptr_t)p, z = a + 4096;
	struct prctl_mm_map map = {
		.start_code = a, .end_code = z, .start_data = a, .end_data = a,
		.start_brk = z, .brk = z, .start_stack = a, .arg_start = a,
		.arg_end = a, .env_start = a, .env_end = a, .exe_fd = (uint32_t)fd,
	};

	return syscall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? errno : 0;
}

/* EBUSY: all but the mapping of our own program was right. */
static int as_root_of_a_userns(void)
{
	return enter_userns() < 0 ? SKIP_STATUS : set_exe();
}

static int without_capabilities(void)
{
	if (enter_userns() < 0 || drop_all_caps() < 0)
		return SKIP_STATUS;
	return set_exe();
}

static void root_of_a_user_namespace_may(void)
{
	CHECK_INT(in_child(as_root_of_a_userns), EBUSY);
}

static void nobody_else_may(void)
{
	CHECK_INT(in_child(without_capabilities), EPERM);
}

int main(void)
{
	TEST(root_of_a_user_namespace_may);
	TEST(nobody_else_may);
	return tap_end();
}
