/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/cgroup.h - a container's control groups on any layout.
 *
 * Theory of operation
 * -------------------
 * A container has one cgroup in every mounted hierarchy: one directory on a
 * v2 host, up to a dozen on v1, both on a hybrid one. struct cgroup is that
 * set, found from the host's layout (host/host.h) and a path. Limits land in
 * whatever hierarchy holds the controller.
 *
 * The manager says who makes the directories: cgroupfs (we, by mkdir), systemd
 * (a transient scope over D-Bus, asked for by the helper hull-systemd so that
 * this library links no D-Bus), or nobody (disabled).
 *
 * Nothing here needs the brick: pause, update, events and delete use it, too. */
#pragma once

#include "conf/conf.h"
#include "host/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;

enum { CGROUP_MAX = 16 };

/* One directory of the set. */
struct cgroup_dir {
	const struct host_cgroup *hierarchy;
	const char *path;  /* absolute: mount point and cgroup */
};

struct cgroup {
	enum cgroup_manager manager;
	const char *path;  /* below each hierarchy's root, "/a/b" */
	const char *scope; /* systemd unit; "" when not by systemd */
	bool is_user;      /* of the user's own systemd, not the host's */
	struct cgroup_dir dirs[CGROUP_MAX];
	size_t n_dirs;
	bool is_v2_only;
	bool is_partial; /* hierarchies that the caller may not use are left out */
};

/* Works out where the cgroups of a configuration will be. Pure. `id` names the
 * default path. */
int cgroup_plan(const struct conf_cgroup *cc, const char *id,
		const struct host *h, struct arena *a, struct cgroup *ret,
		struct err *e);
/* The same for a container that is there, from its record; for a rootless
 * caller, the directories that are really there. */
int cgroup_find(enum cgroup_manager manager, const char *path,
		const char *scope, const struct host *h, struct arena *a,
		struct cgroup *ret, struct err *e);

/* Makes the directories (parents too); the undo of a failed create is
 * cgroup_remove(). A cgroup that already holds processes is -EBUSY. With
 * best_effort, hierarchies in which the caller may not make one are taken out
 * of the set: *g may have no directories afterwards. */
int cgroup_make(struct cgroup *g, bool best_effort, struct err *e);
/* The same around a scope that systemd has just made for `pid` (cgroup/unit.h):
 * the directories that systemd has no use for, its subgroup, which the process
 * is moved into, and controllers for limits that systemd does not know. */
int cgroup_adopt(struct cgroup *g, const struct conf_resources *res,
		 bool best_effort, pid_t pid, struct arena *a, struct err *e);
/* Writes the limits; `is_update` when the container runs already. */
int cgroup_limit(const struct cgroup *g, const struct conf_resources *res,
		 bool is_update, bool best_effort, struct err *e);
/* Device rules: v1 devices.allow/deny, v2 a BPF program. The list gets the
 * default devices every container has. */
int cgroup_devices(const struct cgroup *g, const struct conf_dev_rule *rules,
		   size_t n_rules, struct err *e);
/* No "." or ".." among the components. */
bool cgroup_path_is_clean(const char *path);

/* Cgroups below the container's own, as runc's `exec --cgroup` names them. */
struct cgroup_sub {
	const char *controllers; /* v1: of the hierarchy, commas between; NULL: of all others */
	const char *path;
};
struct cgroup_subs {
	const struct cgroup_sub *v;
	size_t n;
};
/* From "PATH" or "CONTROLLER[,CONTROLLER]:PATH"; borrows from the texts. */
int cgroup_subs_read(const char *const *texts, size_t n, struct arena *a,
		     struct cgroup_subs *ret, struct err *e);

/* fds the child writes "0" to (v1 `tasks`, v2 `cgroup.procs`), in `fds`;
 * *ret_dir_fd is the v2 directory for CLONE_INTO_CGROUP, else -EBADF. A cgroup of
 * `subs` (NULL: none) that names its controller has to be there, one that does not
 * in one hierarchy at least. */
int cgroup_open_attach(const struct cgroup *g, const struct cgroup_subs *subs, int *fds,
		       size_t max, size_t *ret_n, int *ret_dir_fd,
		       struct err *e);
/* Puts a process into the set (systemd manager, exec --cgroup). */
int cgroup_attach(const struct cgroup *g, const char *sub, pid_t pid,
		  struct err *e);

/* Kills for lack of memory so far: v1's memory.oom_control, v2's memory.events. */
uint64_t cgroup_oom_kills(const struct cgroup *g);
/* An fd that becomes readable when there may be more of them; -errno: the kernel
 * does not say. On v1 the count may follow some milliseconds later, and the
 * cgroup's removal makes it readable, too. */
int cgroup_oom_open(const struct cgroup *g);
void cgroup_oom_drain(int fd);

int cgroup_freeze(const struct cgroup *g, bool frozen, struct err *e);
bool cgroup_is_frozen(const struct cgroup *g);
/* Signals every process (cgroup.kill for SIGKILL on v2). */
int cgroup_kill(const struct cgroup *g, int sig, struct err *e);
/* All pids of the set and below it, in the arena. */
int cgroup_pids(const struct cgroup *g, struct arena *a, pid_t **ret_pids,
		size_t *ret_n, struct err *e);
/* Removes the directories if nothing is in any of them; true when all of them
 * are gone. */
bool cgroup_remove_idle(const struct cgroup *g);
/* Removes the directories and what is below them; kills nothing. What is not
 * there is no error; busy directories are retried for two seconds. */
int cgroup_remove(const struct cgroup *g, struct err *e);
