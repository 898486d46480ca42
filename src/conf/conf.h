/* SPDX-License-Identifier: Apache-2.0 */
/* conf/conf.h - what a container shall be: the internal configuration model.
 *
 * One struct per part of a container, named after the part, filled by oci/
 * (from config.json) or by a program's own command line, checked by
 * conf_check(), read by the bricks' plan(). Modelled on the Linux half of the
 * OCI runtime specification 1.3.0, but already resolved: enums for words,
 * fds for paths to namespaces, flags for mount options.
 *
 * Everything a struct conf points to lives in one arena, or is an fd that the
 * caller of run_*() keeps open; nothing here owns anything.
 * "Absent" is NULL, a count of 0, or given = false. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;
struct filter_policy;

/* OFF: the host's is used. OWN: a fresh one. JOIN: another container's. */
enum part_mode { PART_OFF, PART_OWN, PART_JOIN };

enum ns_kind {
	NS_USER, /* first: the others belong to it */
	NS_MNT,
	NS_PID,
	NS_NET,
	NS_IPC,
	NS_UTS,
	NS_CGROUP,
	NS_TIME,
	NS_MAX_,
};

struct conf_ns {
	enum part_mode mode;
	int fd;           /* JOIN: an open namespace file; else -EBADF */
	const char *path; /* JOIN: where fd came from, for messages */
};

/* container_id..+size on the inside is host_id..+size outside. */
struct conf_idmap {
	uint32_t container_id, host_id, size;
};

struct conf_idmaps {
	const struct conf_idmap *uid, *gid;
	size_t n_uid, n_gid;
};

/* Strings, NULL-terminated for execve(); n does not count the NULL. */
struct conf_strings {
	const char *const *v;
	size_t n;
};

struct conf_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

/* Bit n of a set is capability number n. */
struct conf_caps {
	bool given; /* false: no process.capabilities, so all sets are empty */
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct conf_scheduler {
	bool given;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct conf_ioprio {
	bool given;
	int class; /* IOPRIO_CLASS_* */
	int priority;
};

struct conf_cpu_affinity {
	const char *initial, *final; /* cpu lists, "0-3,7" */
};

struct conf_process {
	bool terminal;
	uint16_t console_rows, console_cols; /* 0: not said */
	struct conf_strings args, env;
	const char *cwd;
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask;
	const gid_t *groups;
	size_t n_groups;
	const struct conf_rlimit *rlimits;
	size_t n_rlimits;
	bool clamp_rlimits; /* a refused raise: warn and clamp, do not fail */
	struct conf_caps caps;
	bool no_new_privs;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct conf_scheduler sched;
	struct conf_ioprio ioprio;
	struct conf_cpu_affinity affinity; /* of processes by exec */
	const char *apparmor;              /* profile name */
	const char *selinux;               /* process label */
};

struct conf_root {
	const char *path; /* absolute, or relative to the bundle */
	bool is_readonly;
	uint64_t propagation; /* MS_PRIVATE|MS_SLAVE|MS_SHARED|MS_UNBINDABLE
			       * (|MS_REC) of "/" at the end; 0: not said */
	bool no_pivot;        /* MS_MOVE and chroot instead of pivot_root */
	/* `path` is only read: what is written goes into memory, in an overlay
	 * that ends with the container. No part of the OCI specification. */
	bool is_overlaid;
	const char *overlay_size; /* of the tmpfs: "50%", "1g" */
};

/* What a mount option word that is no flag of mount(2) asks for. */
enum {
	MOUNT_TMPCOPYUP   = 1 << 0, /* the tmpfs starts with what it covers */
	MOUNT_IDMAP       = 1 << 1, /* ids shifted (idmap) */
	MOUNT_RIDMAP      = 1 << 2, /* the same for submounts (ridmap) */
	MOUNT_IDMAP_REL   = 1 << 3, /* crun: map relative to the user ns */
	MOUNT_COPYSYMLINK = 1 << 4, /* crun: a source symlink is copied */
	MOUNT_SRCNOFOLLOW = 1 << 5, /* a source symlink itself is bound */
	MOUNT_DSTNOFOLLOW = 1 << 6, /* a destination symlink is covered */
	MOUNT_OPTIONAL    = 1 << 7, /* left out when the source is missing */
};

struct conf_mount {
	const char *destination; /* in the container, absolute */
	const char *source;      /* absolute, or NULL: none */
	const char *type;        /* NULL or "bind": a bind mount */
	const char *data;        /* options for the file system, "a=b,c" */
	uint64_t flags;          /* MS_*: set (MS_BIND, MS_REC, MS_RDONLY) */
	uint64_t clear;          /* MS_*: options that clear ("rw", "dev") */
	uint64_t propagation;    /* MS_SHARED... (|MS_REC), 0: not said */
	uint64_t rec_set;        /* MOUNT_ATTR_*: recursive (rro, rnosuid) */
	uint64_t rec_clear;      /* MOUNT_ATTR_*: recursive (rrw, rsuid) */
	uint32_t extra;          /* MOUNT_* above */
	struct conf_idmaps idmaps;
};

struct conf_device {
	const char *path;
	char type; /* 'c' 'b' 'p'; 'u' is read as 'c' */
	uint32_t major, minor;
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
};

struct conf_pair {
	const char *key, *value;
};

struct conf_hook {
	const char *path;
	struct conf_strings args; /* n = 0: the path alone */
	struct conf_strings env;  /* n = 0: an empty environment */
	uint32_t timeout_s;       /* 0: none */
};

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_MAX_,
};

struct conf_hooks {
	const struct conf_hook *v;
	size_t n;
};

struct conf_time_offset {
	bool given;
	int64_t secs;
	uint32_t nanosecs;
};

struct conf_netdev {
	const char *name;     /* on the host */
	const char *new_name; /* in the container; NULL: the same */
};

/* Numbers that can be absent. */
struct conf_i64 {
	bool given;
	int64_t v;
};
struct conf_u64 {
	bool given;
	uint64_t v;
};

struct conf_dev_rule {
	bool allow;
	char type;            /* 'a' 'b' 'c' */
	int64_t major, minor; /* -1: any */
	bool read, write, mknod;
};

struct conf_weight_dev {
	uint32_t major, minor;
	struct conf_u64 weight, leaf_weight;
};
struct conf_throttle_dev {
	uint32_t major, minor;
	uint64_t rate;
};
enum throttle_kind {
	THROTTLE_READ_BPS,
	THROTTLE_WRITE_BPS,
	THROTTLE_READ_IOPS,
	THROTTLE_WRITE_IOPS,
	THROTTLE_MAX_,
};
struct conf_hugepage {
	const char *page_size; /* "2MB" */
	uint64_t limit;
};
struct conf_net_prio {
	const char *name;
	uint32_t priority;
};
struct conf_rdma {
	const char *device;
	struct conf_u64 hca_handles, hca_objects;
};

struct conf_resources {
	struct conf_i64 mem_limit, mem_reservation, mem_swap, mem_kernel,
		mem_kernel_tcp;
	struct conf_u64 mem_swappiness;
	bool mem_disable_oom_killer, mem_use_hierarchy, mem_check_before_update;

	struct conf_u64 cpu_shares, cpu_period, cpu_burst, cpu_rt_period;
	struct conf_i64 cpu_quota, cpu_rt_runtime, cpu_idle;
	const char *cpus, *mems;

	struct conf_i64 pids_limit;

	struct conf_u64 io_weight, io_leaf_weight;
	const struct conf_weight_dev *io_weight_devs;
	size_t n_io_weight_devs;
	const struct conf_throttle_dev *throttle[THROTTLE_MAX_];
	size_t n_throttle[THROTTLE_MAX_];

	const struct conf_hugepage *hugepages;
	size_t n_hugepages;

	struct conf_u64 net_class_id;
	const struct conf_net_prio *net_prios;
	size_t n_net_prios;

	const struct conf_rdma *rdma;
	size_t n_rdma;

	const struct conf_pair *unified; /* raw cgroup v2 files */
	size_t n_unified;

	const struct conf_dev_rule *dev_rules; /* in order; the defaults that
						* every runtime adds come
						* from the brick */
	size_t n_dev_rules;
};

enum cgroup_manager { CGROUP_CGROUPFS, CGROUP_SYSTEMD, CGROUP_DISABLED };

struct conf_cgroup {
	enum cgroup_manager manager;
	/* cgroupfs: absolute: below the hierarchy's root, else below the
	 * caller's own cgroup; systemd: "slice:prefix:name". NULL: made from
	 * the container's id. */
	const char *path;
	const char *systemd_subgroup; /* run.oci.systemd.subgroup */
	const char *delegate;         /* run.oci.delegate-cgroup */
	/* Where the caller may make no cgroup: go without, when neither a path
	 * nor a limit asks for one. */
	bool best_effort;
	bool default_limits; /* nobody asked for them: left out, with a warning */
	struct conf_resources res;
};

struct conf_intel_rdt {
	bool given;
	const char *clos_id;
	const char *l3_cache_schema, *mem_bw_schema;
	struct conf_strings schemata;
	bool enable_monitoring;
};

struct conf_mempolicy {
	bool given;
	int mode;       /* MPOL_* */
	uint32_t flags; /* MPOL_F_* */
	const char *nodes;
};

struct conf_personality {
	bool given;
	uint64_t persona; /* PER_LINUX, PER_LINUX32, with flags */
};

/* Landlock is no part of the OCI specification: `hull run` uses it. */
struct conf_landlock_path {
	const char *path;
	uint64_t access; /* LANDLOCK_ACCESS_FS_* */
};
struct conf_landlock {
	bool given;
	uint64_t handled_fs;  /* LANDLOCK_ACCESS_FS_* that need a rule */
	uint64_t handled_net; /* LANDLOCK_ACCESS_NET_* */
	uint64_t scoped;      /* LANDLOCK_SCOPE_* */
	const struct conf_landlock_path *paths;
	size_t n_paths;
	const uint16_t *connect_ports, *bind_ports;
	size_t n_connect_ports, n_bind_ports;
	bool best_effort; /* what an older kernel lacks is left out */
};

struct conf {
	struct arena *arena; /* where all of it lives */
	const char *id;      /* container id */
	const char *oci_version;
	const char *bundle; /* absolute path */
	int bundle_fd;      /* O_PATH; -EBADF when there is none */
	bool has_process;   /* config.json may come without one */
	struct conf_process process;
	struct conf_root root;
	const char *hostname, *domainname;
	const struct conf_mount *mounts;
	size_t n_mounts;
	struct conf_hooks hooks[HOOK_MAX_];
	const struct conf_pair *annotations;
	size_t n_annotations;

	struct conf_ns ns[NS_MAX_];
	struct conf_idmaps idmaps; /* of the user namespace */
	bool keep_groups;          /* run.oci.keep_original_groups */
	struct conf_time_offset monotonic, boottime;
	const struct conf_device *devices;
	size_t n_devices;
	const struct conf_netdev *netdevs;
	size_t n_netdevs;
	struct conf_cgroup cgroup;
	const struct conf_pair *sysctls; /* keys with dots or slashes */
	size_t n_sysctls;
	const struct filter_policy *seccomp; /* NULL: none */
	/* What the program itself needs (own/own.h): the stricter answer of
	 * both counts. NULL: not known. */
	const struct filter_policy *own;
	const struct filter_key *own_key; /* of its execve(); NULL: none */
	const char *own_mode; /* org.hull.seccomp; NULL: not said */
	const char *seccomp_bpf; /* run.oci.seccomp_bpf_data, base64; NULL */
	struct conf_strings masked_paths, readonly_paths;
	const char *mount_label;
	/* run.oci.mount_context_type: "context", "fscontext"...; NULL */
	const char *mount_context_type;
	struct conf_intel_rdt rdt;
	struct conf_personality personality;
	struct conf_mempolicy mempolicy;
	struct conf_landlock landlock;
	bool new_keyring; /* a session keyring of its own */
};

/* An empty configuration: all fds -EBADF, all parts off. */
void conf_init(struct conf *c, struct arena *a);

/* A kind as config.json calls it ("network") and as /proc/PID/ns does
 * ("net"), and its CLONE_NEW* flag. */
const char *ns_name(enum ns_kind kind);
const char *ns_proc_name(enum ns_kind kind);
uint64_t ns_clone_flag(enum ns_kind kind);

/* The value of an annotation, NULL when it is absent. */
const char *conf_annotation(const struct conf *c, const char *key);

/* Capability number of "CAP_CHOWN" (or "CHOWN"), -EINVAL when unknown; name of
 * a number, NULL when unknown. */
int cap_from_name(const char *name);
const char *cap_name(int cap);

/* Refuses what makes no sense as a whole (a hostname without a UTS namespace,
 * id maps without a user namespace...). The first fault found, in words that
 * name the part of config.json. Pure. */
int conf_check(const struct conf *c, struct err *e);
