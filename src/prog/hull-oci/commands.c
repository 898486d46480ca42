/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/commands.c - the whole command line as tables.
 *
 * The names are those of runc 1.5 and crun 1.29: engines and scripts write
 * them. A row without a help text is accepted because a peer has it; it does
 * nothing here. */
#include "prog/hull-oci/app.h"

/* NAME, LETTER, FIELD of the struct opts of the table, VALUE, HELP. */
#define FLAG(n, l, f, h)      { n, l, OPTION_FLAG, offsetof(OPTS, f), NULL, h }
#define STRING(n, l, f, v, h) { n, l, OPTION_STRING, offsetof(OPTS, f), v, h }
#define LIST(n, l, f, v, h)   { n, l, OPTION_LIST, offsetof(OPTS, f), v, h }
#define U32(n, l, f, v, h)    { n, l, OPTION_U32, offsetof(OPTS, f), v, h }
#define NUM(n, l, f, v, h)    { n, l, OPTION_NUM, offsetof(OPTS, f), v, h }
#define BYTES(n, l, f, v, h)  { n, l, OPTION_BYTES, offsetof(OPTS, f), v, h }
#define IGNORED(n, v)         { n, 0, OPTION_IGNORED, 0, v, NULL }
#define IGNORED_FLAG(n)       { n, 0, OPTION_IGNORED_FLAG, 0, NULL, NULL }

#define OPTS struct globals
static const struct option global_options[] = {
	STRING("cgroup-manager", 0, cgroup_manager, "cgroupfs|systemd|disabled",
	       "who makes the container's cgroups"),
	STRING("criu", 0, criu, "PATH",
	       "criu for checkpoint and restore (criu, found by PATH)"),
	FLAG("debug", 0, debug, "log what is done, too"),
	STRING("log", 0, log, "FILE",
	       "also write errors and warnings there; syslog:NAME and journald:NAME are known"),
	STRING("log-format", 0, log_format, "text|json", "format of the log (text)"),
	STRING("root", 0, root, "DIR",
	       "where containers are remembered (/run/hull, or $XDG_RUNTIME_DIR/hull)"),
	STRING("rootless", 0, rootless, "true|false|auto",
	       "go without cgroups where we may make none and nothing asks for one (auto)"),
	FLAG("systemd-cgroup", 0, systemd_cgroup, "the same as --cgroup-manager systemd"),
	FLAG("version", 'v', version, "print the version"),
	{ 0 },
};
#undef OPTS

#define OPTS struct create_opts
#define CREATE_ROWS                                                               \
	STRING("bundle", 'b', bundle, "DIR", "the bundle (the current directory)"),\
	FLAG("clamp-rlimits", 0, clamp_rlimits,                                   \
	     "lower resource limits that the kernel refuses, and warn"),          \
	STRING("config", 'f', config, "FILE",                                     \
	       "the configuration, relative to the bundle (config.json)"),        \
	STRING("console-socket", 0, console_socket, "SOCKET",                     \
	       "unix socket to send the terminal to"),                            \
	FLAG("no-new-keyring", 0, no_new_keyring, "keep the caller's session keyring"),\
	FLAG("no-pivot", 0, no_pivot,                                             \
	     "do without pivot_root(2): for a root on an initramfs"),             \
	STRING("pid-file", 0, pid_file, "FILE", "write the process id there"),    \
	STRING("pidfd-socket", 0, pidfd_socket, "SOCKET",                         \
	       "unix socket to send the process's pidfd to"),                     \
	U32("preserve-fds", 0, preserve_fds, "N",                                 \
	    "pass fds 3 to 3+N-1 on to the container"),                           \
	IGNORED_FLAG("no-subreaper")
static const struct option create_options[] = { CREATE_ROWS, { 0 } };
static const struct option run_options[] = {
	CREATE_ROWS,
	FLAG("detach", 'd', detach, "return when the program runs"),
	FLAG("keep", 0, keep, "do not delete the container when it ends"),
	{ 0 },
};
#undef OPTS

#define OPTS struct match_opts
#define REGEX_ROW \
	FLAG("regex", 'r', regex, "CONTAINER is an extended regular expression")
static const struct option kill_options[] = {
	FLAG("all", 'a', all, "signal every process of the container"),
	REGEX_ROW,
	{ 0 },
};
static const struct option delete_options[] = {
	FLAG("force", 'f', force, "kill it first; no error when there is none"),
	REGEX_ROW,
	{ 0 },
};
#undef OPTS

#define OPTS struct exec_opts
static const struct option exec_options[] = {
	LIST("additional-gids", 'g', gids, "GID", "a further group; can be given again"),
	STRING("apparmor", 0, apparmor, "PROFILE", "AppArmor profile of the process"),
	LIST("cap", 'c', caps, "CAP_NAME", "a further capability; can be given again"),
	LIST("cgroup", 0, cgroups, "[CONTROLLER:]PATH",
	     "cgroup below the container's to run it in; on v1 one for each controller"),
	STRING("console-socket", 0, console_socket, "SOCKET",
	       "unix socket to send the terminal to"),
	STRING("cwd", 0, cwd, "DIR", "working directory in the container"),
	FLAG("detach", 'd', detach, "return when the program runs"),
	LIST("env", 'e', env, "NAME=VALUE", "set a variable; can be given again"),
	FLAG("ignore-paused", 0, ignore_paused,
	     "allow it in a paused container: it runs when that is resumed"),
	FLAG("no-new-privs", 0, no_new_privs, "execve(2) can give no privileges"),
	STRING("pid-file", 0, pid_file, "FILE", "write the process id there"),
	STRING("pidfd-socket", 0, pidfd_socket, "SOCKET",
	       "unix socket to send the process's pidfd to"),
	U32("preserve-fds", 0, preserve_fds, "N", "pass fds 3 to 3+N-1 on to the process"),
	STRING("process", 'p', process, "FILE",
	       "take all of it from a file: config.json's \"process\""),
	STRING("process-label", 0, process_label, "LABEL", "SELinux label of the process"),
	FLAG("tty", 't', tty, "give it a terminal"),
	STRING("user", 'u', user, "UID[:GID]", "numeric ids to run it as"),
	IGNORED_FLAG("no-subreaper"),
	{ 0 },
};
#undef OPTS

#define OPTS struct list_opts
#define FORMAT_ROW STRING("format", 'f', format, "table|json", "what to print (table)")
static const struct option list_options[] = {
	FORMAT_ROW,
	FLAG("quiet", 'q', quiet, "print the ids alone"),
	{ 0 },
};
static const struct option ps_options[] = { FORMAT_ROW, { 0 } };
#undef OPTS

#define OPTS struct update_opts
static const struct option update_options[] = {
	NUM("blkio-weight", 0, blkio_weight, "N", "share of block I/O, 10 to 1000"),
	NUM("cpu-burst", 0, cpu_burst, "USEC", "CPU time that can be saved up"),
	NUM("cpu-idle", 0, cpu_idle, "0|1", "1: run only when the CPU is idle"),
	NUM("cpu-period", 0, cpu_period, "USEC", "the period of --cpu-quota"),
	NUM("cpu-quota", 0, cpu_quota, "USEC", "CPU time in a period; -1 for no limit"),
	NUM("cpu-rt-period", 0, cpu_rt_period, "USEC", "the same of realtime tasks"),
	NUM("cpu-rt-runtime", 0, cpu_rt_runtime, "USEC", "the same of realtime tasks"),
	NUM("cpu-share", 0, cpu_share, "N", "share of CPU time, 2 to 262144"),
	STRING("cpuset-cpus", 0, cpus, "LIST", "CPUs to use: 0-2,7"),
	STRING("cpuset-mems", 0, mems, "LIST", "memory nodes to use"),
	STRING("l3-cache-schema", 0, l3_schema, "SCHEMA", "Intel RDT: caches, as L3:0=fff"),
	STRING("mem-bw-schema", 0, bw_schema, "SCHEMA", "Intel RDT: memory bandwidth, as MB:0=20"),
	BYTES("memory", 0, memory, "BYTES", "memory limit; -1 for none"),
	BYTES("memory-reservation", 0, memory_reservation, "BYTES",
	      "memory that is taken away last"),
	BYTES("memory-swap", 0, memory_swap, "BYTES",
	      "limit of memory and swap together; -1 for none"),
	NUM("pids-limit", 0, pids_limit, "N", "number of tasks; -1 for no limit"),
	STRING("resources", 'r', resources, "FILE",
	       "read config.json's \"linux.resources\" from there (- is standard input) and no options"),
	IGNORED("kernel-memory", "BYTES"),
	IGNORED("kernel-memory-tcp", "BYTES"),
	{ 0 },
};
#undef OPTS

#define OPTS struct events_opts
static const struct option events_options[] = {
	STRING("interval", 0, interval, "TIME", "time between two lines: 5s, 500ms (5s)"),
	FLAG("stats", 0, stats, "print one line and end"),
	{ 0 },
};
#undef OPTS

#define OPTS struct spec_opts
static const struct option spec_options[] = {
	STRING("bundle", 'b', bundle, "DIR",
	       "where to write config.json (the current directory)"),
	STRING("file", 'f', file, "FILE", "write there instead; - is standard output"),
	FLAG("rootless", 0, rootless, "for an ordinary user: with a user namespace"),
	{ 0 },
};
#undef OPTS

#define OPTS struct criu_opts
#define CRIU_ROWS                                                                 \
	FLAG("auto-dedup", 0, dedup, "free in the parent image what is written again"),\
	LIST("empty-ns", 0, empty_ns, "network", "do not save the namespace's properties"),\
	FLAG("ext-unix-sk", 0, ext_unix, "allow unix sockets to the outside"),    \
	FLAG("file-locks", 0, file_locks, "save file locks"),                     \
	STRING("image-path", 0, image_path, "DIR", "the image (checkpoint)"),     \
	FLAG("lazy-pages", 0, lazy_pages,                                         \
	     "move memory when it is used, by userfaultfd(2)"),                   \
	STRING("manage-cgroups-mode", 0, manage_cgroups, "soft|full|strict|ignore",\
	       "what criu does about cgroups (soft)"),                            \
	FLAG("shell-job", 0, shell_job, "the process has a terminal of the outside"),\
	FLAG("tcp-close", 0, tcp_close, "close TCP connections"),                 \
	FLAG("tcp-established", 0, tcp_established, "keep TCP connections"),      \
	STRING("work-path", 0, work_path, "DIR", "where criu writes its logs (the image)")
static const struct option checkpoint_options[] = {
	CRIU_ROWS,
	FLAG("leave-running", 0, leave_running, "the container goes on"),
	FLAG("link-remap", 0, link_remap, "keep files that were removed while open"),
	STRING("page-server", 0, page_server, "ADDRESS:PORT", "send the memory there"),
	STRING("parent-path", 0, parent_path, "DIR",
	       "an earlier --pre-dump, relative to the image"),
	FLAG("pre-dump", 0, pre_dump, "save the memory alone; the container goes on"),
	NUM("status-fd", 0, status_fd, "FD",
	    "criu writes a zero byte there when lazy pages are ready"),
	{ 0 },
};
static const struct option restore_options[] = {
	CRIU_ROWS,
	STRING("bundle", 'b', c.bundle, "DIR", "the bundle (the current directory)"),
	STRING("console-socket", 0, c.console_socket, "SOCKET",
	       "unix socket to send the terminal to"),
	FLAG("detach", 'd', c.detach, "return when the container runs"),
	STRING("lsm-mount-context", 0, lsm_mount_context, "CONTEXT",
	       "SELinux context of mounts"),
	STRING("lsm-profile", 0, lsm_profile, "TYPE:NAME", "LSM profile to restore with"),
	FLAG("no-pivot", 0, c.no_pivot, "the container was made with --no-pivot"),
	STRING("pid-file", 0, c.pid_file, "FILE", "write the process id there"),
	IGNORED_FLAG("no-subreaper"),
	{ 0 },
};
#undef OPTS

static const struct command commands[] = {
	{ "create", "CONTAINER", "make a container; its program waits for start",
	  "CONTAINER is its id: letters, digits and \"_+-.\".",
	  1, 1, 0, create_options, sizeof(struct create_opts), cmd_create },
	{ "start", "CONTAINER", "let a created container's program run", NULL,
	  1, 1, 0, NULL, 0, cmd_start },
	{ "run", "CONTAINER", "create and start a container, wait for its end",
	  "The exit status is the container's own, or 128 and the signal's number.\n"
	  "It is 127 when the program is not there, 126 when it cannot be executed,\n"
	  "and 1 for other errors.",
	  1, 1, 0, run_options, sizeof(struct create_opts), cmd_run },
	{ "state", "CONTAINER", "print a container's state as JSON", NULL,
	  1, 1, 0, NULL, 0, cmd_state },
	{ "kill", "CONTAINER [SIGNAL]", "send a signal (TERM)",
	  "SIGNAL is a name with or without SIG, RTMIN+N, RTMAX-N, or a number.",
	  1, 2, 0, kill_options, sizeof(struct match_opts), cmd_kill },
	{ "delete", "CONTAINER", "remove a stopped container", NULL,
	  1, 1, 0, delete_options, sizeof(struct match_opts), cmd_delete },
	{ "exec", "CONTAINER [COMMAND [ARG...]]", "run a further program in a container",
	  "The exit status is the program's own; it is 127 when the program is not\n"
	  "there, 126 when it cannot be executed, and 255 for other errors.",
	  1, -1, 1, exec_options, sizeof(struct exec_opts), cmd_exec },
	{ "ps", "CONTAINER [PS-OPTION...]", "list a container's processes",
	  "Options behind the id are ps(1)'s (-ef).",
	  1, -1, 1, ps_options, sizeof(struct list_opts), cmd_ps },
	{ "list", "", "list containers", NULL,
	  0, 0, 0, list_options, sizeof(struct list_opts), cmd_list },
	{ "pause", "CONTAINER", "freeze all processes of a container", NULL,
	  1, 1, 0, NULL, 0, cmd_pause },
	{ "resume", "CONTAINER", "let a paused container go on", NULL,
	  1, 1, 0, NULL, 0, cmd_resume },
	{ "update", "CONTAINER", "change the limits of a container", NULL,
	  1, 1, 0, update_options, sizeof(struct update_opts), cmd_update },
	{ "events", "CONTAINER", "print what a container uses, as JSON lines", NULL,
	  1, 1, 0, events_options, sizeof(struct events_opts), cmd_events },
	{ "spec", "", "write a config.json to start from", NULL,
	  0, 0, 0, spec_options, sizeof(struct spec_opts), cmd_spec },
	{ "features", "", "print what this runtime can do, as JSON", NULL,
	  0, 0, 0, NULL, 0, cmd_features },
	{ "checkpoint", "CONTAINER", "save a running container by CRIU", NULL,
	  1, 1, 0, checkpoint_options, sizeof(struct criu_opts), cmd_checkpoint },
	{ "restore", "CONTAINER", "start a container from a checkpoint", NULL,
	  1, 1, 0, restore_options, sizeof(struct criu_opts), cmd_restore },
	{ "mounts", "add|remove CONTAINER FILE",
	  "add or remove mounts of a running container",
	  "FILE holds a JSON list like config.json's \"mounts\".",
	  3, 3, 0, NULL, 0, cmd_mounts },
	{ "completion", "[bash]", "print the completion script for bash", NULL,
	  0, 1, 0, NULL, 0, cmd_completion },
	{ 0 },
};

static const char *const env[] = {
	"LISTEN_FDS", "with LISTEN_PID: so many fds more are preserved (systemd)",
	"XDG_RUNTIME_DIR", "where an ordinary user's containers are remembered",
	NULL,
};

const struct program hull_oci = {
	.name = "hull-oci",
	.summary = "runs containers by the OCI runtime specification",
	.globals = global_options,
	.commands = commands,
	.env = env,
};
