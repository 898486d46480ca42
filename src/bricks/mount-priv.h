/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-priv.h - what the files of the mounts brick share. */
#pragma once

#include "cgroup/cgroup.h"
#include "conf/conf.h"

#include <stdbool.h>

struct arena;
struct err;
struct host;
struct run;

/* The MS_* flags of mount(2); <sys/mount.h> and <linux/mount.h> do not go
 * together in every C library. */
int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data);

/* What the supervisor makes beside the child, mount-early.c. */
enum mount_early { EARLY_NO, EARLY_DEV, EARLY_IN_DEV, EARLY_CGROUP };

/* One mount on its way; in the plan's arena, so that the supervisor's fd is
 * there for the child. */
struct mount_job {
	const struct conf *conf;
	const struct conf_mount *m;
	int tree_fd;       /* opened by the supervisor; -EBADF */
	int userns_fd;     /* with its mapping, from the supervisor; -EBADF */
	struct cgroup set; /* of the types cgroup and cgroup2 */
	const struct host *host;
	enum mount_early early;
};

/* A new file system, detached, with its attributes. */
int mount_new_tree(const struct mount_job *job, struct err *e);
/* Marks what can be made early; false: nothing. Pure. */
bool mount_early_plan(const struct conf *c, const struct host *h,
		      struct mount_job *const *jobs, size_t n);
int mount_early(struct mount_job *const *jobs, size_t n, struct run *r,
		struct err *e);

/* Makes a destination below root_fd: a directory, or an empty file. An O_PATH
 * fd of it. */
int mount_make_target(int root_fd, const char *path, bool is_dir);

/* A user namespace that has the mapping of an id-mapped mount; an fd. The
 * supervisor's to call. */
int mount_idmap_ns(const struct conf *c, const struct conf_mount *m,
		   struct err *e);

/* The label that a mount's files shall have, NULL for none; and whether the
 * configuration may ask for one on this host. */
const char *mount_label(const struct conf *c, const struct conf_mount *m);
int mount_label_check(const struct conf *c, const struct host *h,
		      struct err *e);

int mount_cgroup_plan(struct mount_job *job, const struct host *h,
		      struct arena *a, struct err *e);
int mount_cgroup(struct mount_job *job, struct run *r, struct err *e);
/* The same, detached; *ret_tree stays empty where the kernel cannot do it. */
int mount_cgroup_early(struct mount_job *job, int *ret_tree, struct err *e);

/* Copies what is in the directory behind from_fd (O_PATH) into the detached
 * mount to_fd: directories, files, symlinks, with owner, mode and times. */
int mount_copy_up(int from_fd, int to_fd, struct err *e);
