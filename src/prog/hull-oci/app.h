/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/app.h - one call of the runtime: what its commands share. */
#pragma once

#include "base/arena.h"
#include "conf/conf.h"
#include "host/host.h"
#include "prog/front/option.h"
#include "prog/hull-oci/log.h"
#include "run/state.h"

struct cgroup;
struct err;

/* The options in front of the command. */
struct globals {
	const char *root, *log, *log_format, *rootless, *cgroup_manager, *criu;
	bool debug, systemd_cgroup, version;
};

struct app {
	struct globals g;
	struct arena arena; /* everything of this call; the exit frees it */
	struct log log;
	struct host host; /* zeroed until app_probe() */
	unsigned probed;
};

/* A container that is there. The fds live until the exit. */
struct found {
	int root_fd, dir_fd;
	struct state state;
	struct conf conf;   /* after found_conf() */
	const char *config; /* its text */
	size_t config_len;
};

/* Probes the host: HOST_* of host/host.h. */
int app_probe(struct app *app, unsigned what, struct err *e);
/* warn_fn of the engine; arg is the struct app. */
void app_warn(void *arg, const char *text);
/* Who makes the cgroups by --cgroup-manager and --systemd-cgroup, and whether
 * limits may be left out by --rootless. Needs app_probe(). */
int app_cgroup_options(const struct app *app, struct conf_cgroup *cc,
		       struct err *e);
/* The exit status of a failed command: 127 or 126 when the container's program
 * could not be executed, else `other`. */
int app_status(const struct err *e, int other);
/* Reads a whole file, or standard input for "-", into the arena with a NUL
 * behind; at most 16 MiB. `what` names it in errors ("--process"). */
int app_read_file(struct app *app, const char *what, const char *path,
		  const char **ret_text, size_t *ret_n, struct err *e);
/* Writes text to standard output. */
int app_print(const char *text, struct err *e);

/* -ENOENT when there is none. */
int found_open(struct app *app, const char *id, struct found *ret,
	       struct err *e);
/* Reads the configuration that it was created from. */
int found_conf(struct app *app, struct found *f, struct err *e);
/* Its cgroups. *ret has no directories when it has none. Probes them. */
int found_cgroup(struct app *app, const struct found *f, struct cgroup *ret,
		 struct err *e);
/* What it is doing; the freezer is asked, too. Probes the cgroups. */
int found_status(struct app *app, const struct found *f,
		 enum status *ret_status, struct err *e);

/* The commands; `app` is the struct app, `opts` the struct below. */
#define COMMAND(name)                                                          \
	int cmd_##name(void *app, const void *opts, int argc, char **argv,     \
		       struct err *e)
COMMAND(create);
COMMAND(run);
COMMAND(start);
COMMAND(state);
COMMAND(kill);
COMMAND(delete);
COMMAND(exec);
COMMAND(ps);
COMMAND(list);
COMMAND(pause);
COMMAND(resume);
COMMAND(update);
COMMAND(events);
COMMAND(spec);
COMMAND(features);
COMMAND(checkpoint);
COMMAND(restore);
COMMAND(mounts);
COMMAND(completion);

/* The whole command line as data. */
extern const struct program hull_oci;

/* What the commands' options fill. */
struct create_opts { /* create, run */
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	uint32_t preserve_fds;
	bool no_pivot, no_new_keyring, detach, keep, clamp_rlimits;
};
struct exec_opts {
	const char *console_socket, *pid_file, *pidfd_socket, *cwd, *user,
		*process, *process_label, *apparmor;
	struct option_list env, caps, gids, cgroups;
	uint32_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};
struct match_opts { /* kill, delete */
	bool all, force, regex;
};
struct list_opts { /* list, ps */
	const char *format;
	bool quiet;
};
struct update_opts {
	const char *resources, *cpus, *mems, *l3_schema, *bw_schema;
	struct option_num blkio_weight, cpu_period, cpu_quota, cpu_burst,
		cpu_share, cpu_rt_period, cpu_rt_runtime, cpu_idle, memory,
		memory_reservation, memory_swap, pids_limit;
};
struct events_opts {
	const char *interval;
	bool stats;
};
struct spec_opts {
	const char *bundle, *file;
	bool rootless;
};
struct criu_opts { /* checkpoint, restore */
	const char *image_path, *work_path, *parent_path, *page_server,
		*manage_cgroups, *lsm_profile, *lsm_mount_context;
	struct option_list empty_ns;
	struct option_num status_fd;
	bool leave_running, tcp_established, tcp_close, ext_unix, shell_job,
		lazy_pages, file_locks, pre_dump, dedup, link_remap;
	struct create_opts c; /* restore: the new container's */
};
