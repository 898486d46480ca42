/* SPDX-License-Identifier: Apache-2.0 */
/* host/host.h - what this kernel and this user can do: facts, read only.
 *
 * host_probe() asks the kernel once; plans are made from the answers, so a
 * golden test can plan for a host that is not here. Facts that cost a system
 * call and are not always needed are probed by a flag. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;

enum cgroup_layout {
	CGROUP_NONE,   /* no cgroup file system to be found */
	CGROUP_V1,     /* only v1 hierarchies */
	CGROUP_HYBRID, /* v1 hierarchies, v2 beside them */
	CGROUP_V2,     /* one unified hierarchy */
};

/* One mounted hierarchy. */
struct host_cgroup {
	const char *mount;       /* "/sys/fs/cgroup/memory" */
	const char *controllers; /* "cpu,cpuacct"; "name=systemd"; "" on v2 */
	const char *own;         /* the caller's cgroup in it: "/", "/a/b" */
	bool is_v2;
};

struct host {
	uid_t euid;
	gid_t egid;
	bool in_userns;      /* not in the first user namespace */
	bool is_rootless;    /* euid is not 0, or in_userns */
	uint64_t caps;       /* effective capabilities; bit n = number n */
	int cap_last;        /* highest capability the kernel knows */
	int landlock_abi;    /* 0: none */
	enum cgroup_layout cgroup_layout;
	const struct host_cgroup *cgroups;
	size_t n_cgroups;
	bool has_apparmor, has_selinux;
};

/* What to look for beyond ids and capabilities. */
enum {
	HOST_CGROUPS  = 1 << 0, /* reads /proc/self/cgroup and mountinfo */
	HOST_LSM      = 1 << 1, /* AppArmor, SELinux */
	HOST_LANDLOCK = 1 << 2,
};

/* Fills *h; strings live in the arena. */
int host_probe(struct host *h, unsigned what, struct arena *a, struct err *e);
