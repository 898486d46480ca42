/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/table.c - every brick, in the order it acts.
 *
 * The order is the design: a line moved here is a change in security, so say
 * why in the commit. Within a phase ops run in this order; the phases come
 * first (plan/plan.h). */
#include "bricks/table.h"

#include <stddef.h>

/* clang-format off */
const struct brick *const bricks[] = {
	&brick_cgroup,     /* entered before a cgroup namespace makes it the root */
	&brick_cgroup_delegate,
	&brick_rdt,        /* beside the cgroup: the same kind of thing */
	&brick_oom,        /* while /proc is still the host's */
	&brick_ns,
	&brick_idmap,      /* before anything is made that has an owner */
	&brick_time,
	&brick_net,        /* loopback: in the network namespace just made */
	&brick_uts,
	&brick_root,       /* what the next ones mount goes into it */
	&brick_mounts,
	&brick_devices,
	&brick_sysctl,
	&brick_console,    /* from the container's own devpts */
	&brick_stdio,      /* from its own /dev */
	&brick_paths,      /* over all that was mounted */
	&brick_root_final, /* when nothing has to be made in it any more */
	&brick_lsm,        /* keys get its label; as root, who may write to attr/ */
	&brick_keyring,
	&brick_rlimits,
	&brick_sched,
	&brick_creds,      /* groups need the capabilities that go next */
	&brick_caps,
	&brick_landlock,
	&brick_nnp,        /* before seccomp: an unprivileged filter needs it */
	&brick_seccomp,    /* last: nothing after it has to be allowed */
	NULL,
};

/* Those for a process that joins a running container. */
const struct brick *const exec_bricks[] = {
	&brick_cgroup_join, /* while it is still the caller's process */
	&brick_rdt_join,
	&brick_oom,
	&brick_ns,
	&brick_idmap,
	&brick_console,
	&brick_stdio,
	&brick_lsm,        /* keys get its label; as root, who may write to attr/ */
	&brick_keyring,
	&brick_rlimits,
	&brick_sched,
	&brick_affinity,
	&brick_creds,
	&brick_caps,
	&brick_landlock,
	&brick_nnp,
	&brick_seccomp,
	NULL,
};
/* clang-format on */
