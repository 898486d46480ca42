/* SPDX-License-Identifier: Apache-2.0 */
/* filter/simulate.h - what the kernel would answer: cBPF, run here. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

struct simulation {
	uint32_t ret;     /* SECCOMP_RET_* with its data */
	unsigned steps;   /* instructions executed */
	bool is_constant; /* only nr and arch were looked at: the kernel's bitmap
			   * cache can hold the answer (when it is ALLOW) */
};

/* 0, or -EINVAL for a program that the kernel would not have taken: an
 * instruction that seccomp does not know, a jump past the end, no return. */
int filter_simulate(const struct sock_fprog *program, const struct seccomp_data *data,
		    struct simulation *ret);
