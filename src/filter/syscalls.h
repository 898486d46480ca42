/* SPDX-License-Identifier: Apache-2.0 */
/* filter/syscalls.h - system calls by name and number, for every architecture.
 *
 * The tables are made by tools/gen-syscalls from the kernel's headers and a
 * list of the calls that are younger than those (up to Linux 6.18). */
#pragma once

#include "filter/policy.h"

/* An index that stands for the name, the same for all architectures; -ENOENT. */
int syscall_id(const char *name);
/* How many ids there are. */
int syscall_id_max(void);
const char *syscall_id_name(int id);

/* The number of a call, -ENOENT when the architecture has none. x32's come with
 * bit 30 set, as programs pass them. */
int syscall_number(enum filter_arch arch, int id);
/* The name of a number, NULL when there is none. A search: for people only. */
const char *syscall_name(enum filter_arch arch, uint32_t nr);
/* The highest number we know; -ENOENT for an architecture without a table. */
int syscall_max(enum filter_arch arch);
