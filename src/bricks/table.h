/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/table.h - every brick, in the order it acts (table.c says why). */
#pragma once

#include "plan/brick.h"

extern const struct brick brick_cgroup;    /* cgroups and their limits */
extern const struct brick brick_cgroup_join; /* a user's scope, for exec */
extern const struct brick brick_cgroup_delegate; /* one that it manages */
extern const struct brick brick_ns;        /* which namespaces, whose */
extern const struct brick brick_idmap;     /* ids of the user namespace */
extern const struct brick brick_time;      /* clock offsets */
extern const struct brick brick_net;       /* loopback, moved interfaces */
extern const struct brick brick_uts;       /* host and domain name */
extern const struct brick brick_rdt;       /* Intel RDT */
extern const struct brick brick_root;      /* the root file system, pivot */
extern const struct brick brick_mounts;    /* config.json's mounts */
extern const struct brick brick_devices;   /* /dev: nodes and symlinks */
extern const struct brick brick_console;   /* the terminal */
extern const struct brick brick_stdio;     /* /dev/null of the container */
extern const struct brick brick_sysctl;    /* namespaced kernel settings */
extern const struct brick brick_paths;     /* masked and read-only paths */
extern const struct brick brick_root_final; /* read-only, propagation */
extern const struct brick brick_keyring;   /* a session keyring of its own */
extern const struct brick brick_oom;       /* oom_score_adj */
extern const struct brick brick_rdt;       /* caches, memory bandwidth */
extern const struct brick brick_rdt_join;  /* the same for exec */
extern const struct brick brick_rlimits;   /* resource limits */
extern const struct brick brick_sched;     /* scheduler, I/O class, memory
					    * policy, personality */
extern const struct brick brick_affinity;  /* processors of an exec */
extern const struct brick brick_lsm;       /* AppArmor, SELinux */
extern const struct brick brick_creds;     /* uid, gid, groups, umask */
extern const struct brick brick_caps;      /* capability sets */
extern const struct brick brick_landlock;  /* Landlock rules */
extern const struct brick brick_nnp;       /* no_new_privs */
extern const struct brick brick_seccomp;   /* system call filter; last */

/* All of them in order, NULL at the end. */
extern const struct brick *const bricks[];
/* Those that act on a process added to a running container. */
extern const struct brick *const exec_bricks[];
