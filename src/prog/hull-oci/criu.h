/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/criu.h - a conversation with criu.
 *
 * Theory of operation
 * -------------------
 * `criu swrk FD` serves one request over a socket: a message criu_req with
 * everything that the command line could say, and more (rpc.proto, which
 * Debian has in /usr/include/criu). While it works it sends notifications and
 * waits for each to be answered; that is how the hooks run at the right moment
 * and how a restored terminal gets here, so the command line would not do.
 *
 * criu_open() begins the options, the criu_add_*() below add to them, criu_run()
 * starts criu and talks to it until the end. */
#pragma once

#include "parse/protobuf.h"
#include "prog/hull-oci/app.h"

struct conf;

/* Numbers of rpc.proto: criu_req_type. */
enum criu_request { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* Numbers of rpc.proto: criu_opts. */
enum criu_option {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11, /* { 1: address, 2: port } */
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25, /* { 1: controller, 2: path } */
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27, /* { 1: key, 2: fd } */
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38, /* CLONE_NEW* */
	CRIU_JOIN_NS = 39,  /* { 1: kind, 2: path } */
	CRIU_FREEZE_CGROUP = 44,
	CRIU_LAZY_PAGES = 48,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
};

/* What criu tells on its way. */
struct criu_note {
	const char *what; /* "setup-namespaces", "post-restore"... */
	pid_t pid;        /* of the process tree's root; 0 */
	int *fd;          /* "orphan-pts-master"; TAKE_FD() it, or it is closed */
};

struct criu {
	struct app *app;
	const struct criu_opts *opts;
	struct pb_out out; /* criu_opts */
	const char *image_path, *log_path;
	int image_fd, work_fd;
	/* NULL: nothing to do. In criu's process, before it is criu. */
	int (*prepare)(void *arg, struct err *e);
	/* When that process is there, before it is asked for anything: may add
	 * options. */
	int (*started)(void *arg, pid_t pid, struct err *e);
	int (*note)(void *arg, const struct criu_note *n, struct err *e);
	void *arg;
};

/* Checks what only we can check, opens the directories (`make`: makes the
 * image's, too) and begins the options with those that dump and restore share.
 * `log` is the name of criu's log in --work-path, or in the image. */
int criu_open(struct criu *c, struct app *app, const struct criu_opts *o,
	      const struct conf *conf, const char *log, bool make,
	      struct err *e);
/* The mounts that come from outside, for a dump or a restore. `root_fd` is the
 * root of the running container; -EBADF for a restore. */
void criu_add_mounts(struct criu *c, const struct conf *conf, int root_fd);
/* A message of two strings, or of a string and a number. */
void criu_add_pair(struct criu *c, enum criu_option o, const char *a, const char *b);
void criu_add_pair_num(struct criu *c, enum criu_option o, const char *a, int64_t b);

/* Runs criu to its end: 0 and for a restore the new process in *ret_pid, or an
 * error that quotes the last line of its log. */
int criu_run(struct criu *c, enum criu_request what, pid_t *ret_pid, struct err *e);
