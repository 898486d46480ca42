/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/devices-priv.h - the BPF program that is a list of device rules. */
#pragma once

#include "conf/conf.h"

#include <linux/bpf.h>

enum { DEV_PROGRAM_MAX = 4096 };

struct dev_program {
	size_t n;
	struct bpf_insn insn[DEV_PROGRAM_MAX];
};

/* The rules with the defaults behind them, as a program for
 * BPF_PROG_TYPE_CGROUP_DEVICE. -E2BIG when there are too many. */
int dev_program_make(const struct conf_dev_rule *rules, size_t n,
		     struct dev_program *p);

/* The rules of the devices that every container has. */
const struct conf_dev_rule *cgroup_default_devices(size_t *ret_n);
