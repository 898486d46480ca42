/* SPDX-License-Identifier: Apache-2.0 */
/* filter/syscalls.c - system calls by name and number, for every architecture.
 */
#include "filter/syscalls.h"

#include "filter/syscalls-priv.h"

#include <errno.h>
#include <string.h>

enum { X32_BIT = 0x40000000, ARM_PRIVATE = 0x0f0000 };

const char *syscall_id_name(int id)
{
	return syscall_pool + syscall_offset[id];
}

int syscall_id_max(void)
{
	return syscall_ids;
}

int syscall_id(const char *name)
{
	uint32_t h = 2166136261U;

	/* The one call with two names: a number has one id on each architecture,
	 * so that what rules say under either name meets there. */
	if (strcmp(name, "arm_sync_file_range") == 0)
		name = "sync_file_range2";
	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619U;
	for (;; h++) {
		int id = syscall_hash[h % SYSCALL_HASH] - 1;

		if (id < 0)
			return -ENOENT;
		if (strcmp(syscall_id_name(id), name) == 0)
			return id;
	}
}

int syscall_number(enum filter_arch arch, int id)
{
	const uint16_t *numbers = syscall_numbers[arch];
	int nr = numbers ? numbers[id] : SYSCALL_NONE;

	if (nr == SYSCALL_NONE)
		return -ENOENT;
	if (nr >= SYSCALL_ARM)
		return ARM_PRIVATE + nr - SYSCALL_ARM;
	return arch == FILTER_X32 ? nr | X32_BIT : nr;
}

const char *syscall_name(enum filter_arch arch, uint32_t nr)
{
	for (int id = 0; id < syscall_ids; id++) {
		int n = syscall_number(arch, id);

		if (n >= 0 && (uint32_t)n == nr)
			return syscall_id_name(id);
	}
	return NULL;
}

int syscall_max(enum filter_arch arch)
{
	if (!syscall_numbers[arch])
		return -ENOENT;
	return syscall_highest[arch] | (arch == FILTER_X32 ? X32_BIT : 0);
}
