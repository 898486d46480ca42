/* SPDX-License-Identifier: Apache-2.0 */
/* run/state.h - what is remembered of a container between two commands.
 *
 * A container is a directory ROOT/ID (mode 0700) that holds
 *   record       one "key value" line a fact, replaced by rename()
 *   config.json  the bytes it was created from
 *   start.sock   where its waiting init listens: it is called start.new until
 *                the container counts as created, and is gone once started
 * The directory is made by mkdir(), so two creates of one id cannot both win.
 * Whether the container runs is never written down: it is asked of the kernel
 * by pid and start time, so a stale record cannot lie.
 *
 * create and delete hold flock() on the directory while they work; others need
 * no lock, and tell by it that a container is still being made. */
#pragma once

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct err;

enum status {
	STATUS_CREATING, /* the directory is there, no process yet */
	STATUS_CREATED,  /* init waits for start */
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};
const char *status_name(enum status s);

struct state {
	const char *id;
	pid_t pid;            /* 0: none yet */
	uint64_t start_ticks; /* of pid, field 22 of /proc/PID/stat */
	const char *created;  /* RFC 3339, UTC, nanoseconds */
	const char *bundle;   /* absolute */
	const char *rootfs;   /* absolute */
	const char *config;   /* path the config came from */
	uid_t owner;
	/* As cgroup_open() (cgroup/cgroup.h) wants them to find it again. */
	enum cgroup_manager cgroup_manager;
	const char *cgroup_path;  /* "" when there is none */
	const char *cgroup_scope; /* systemd unit; "" when there is none */
	const char *intel_rdt;    /* directory in resctrl to remove; "" none */
};

/* Opens (making it when `make`) the directory of all containers: `root` as
 * given by --root, or for NULL /run/hull as root, $XDG_RUNTIME_DIR/hull (or
 * /tmp/hull-UID, checked to be ours alone) otherwise. Returns an fd. */
int state_root_open(const char *root, bool make, struct err *e);

/* 1-255 letters of [A-Za-z0-9_+.-], not "." or "..". */
int state_check_id(const char *id, struct err *e);

/* A new container's directory; -EEXIST when the id is taken. Returns its fd,
 * locked. */
int state_make(int root_fd, const char *id, struct err *e);
/* An existing one's; -ENOENT. `lock` waits for writers. */
int state_open(int root_fd, const char *id, bool lock, struct err *e);

int state_save(int dir_fd, const struct state *s, struct err *e);
int state_load(int dir_fd, const char *id, struct arena *a, struct state *s,
	       struct err *e);
/* Stores / reads back config.json. The text ends in NUL, *ret_n without it. */
int state_save_config(int dir_fd, const char *text, size_t n, struct err *e);
int state_load_config(int dir_fd, struct arena *a, const char **ret_text,
		      size_t *ret_n, struct err *e);

/* Asks the kernel. Never STATUS_PAUSED: that is the freezer's to say. The lock
 * must not be held by the caller. */
enum status state_status(int dir_fd, const struct state *s);
/* pidfd of the init, checked to be the same process; -ESRCH when gone. */
int state_pidfd(const struct state *s, struct err *e);

/* Removes the directory and all in it. */
int state_remove(int root_fd, const char *id, struct err *e);
/* The same, by its open directory. */
int state_remove_fd(int root_fd, int dir_fd, const char *id, struct err *e);
/* For who keeps the directory of state_make() open: gives the lock up, takes
 * it again. 0 when the container was deleted meanwhile, else 1. */
void state_unlock(int dir_fd);
int state_lock_again(int dir_fd, struct err *e);

/* Calls fn for every container, in order of name; stops when it returns < 0. */
int state_each(int root_fd, int (*fn)(const char *id, void *arg), void *arg,
	       struct err *e);
