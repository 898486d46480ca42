/* SPDX-License-Identifier: Apache-2.0 */
/* oci/spec.c - the config.json that `spec` writes.
 *
 * runc's is the pattern: a shell in rootfs/. Tighter than that: no ambient and
 * no inheritable capabilities, noNewPrivileges, our own seccomp profile, procfs
 * nosuid,noexec,nodev, a cgroup namespace on every host, a limit on processes,
 * and all that Docker and Podman hide in /proc and /sys. A rootless one keeps
 * its network namespace, where runc's shares the host's.
 *
 * Not in it: a time namespace (without offsets it separates nothing, and it is
 * refused by kernels before 5.6) and the masks of each CPU's thermal_throttle
 * (they depend on the host; engines add them). */
#include "oci/spec.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/profile.h"
#include "oci/config-priv.h"
#include "oci/version.h"
#include "parse/json-out.h"

#include <errno.h>
#include <string.h>

/* What few programs need and no program can break out by. */
static const char *const caps[] = { "CAP_AUDIT_WRITE", "CAP_KILL",
				    "CAP_NET_BIND_SERVICE" };

static const char *const args[] = { "sh" };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
};

enum { MAX_OPTIONS = 7 };

static const struct mount {
	const char *destination, *type, *source;
	const char *options[MAX_OPTIONS];
} mounts[] = {
	{ "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ "/dev",
	  "tmpfs",
	  "tmpfs",
	  { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
	    "gid=5" } },
	{ "/dev/shm",
	  "tmpfs",
	  "shm",
	  { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup",
	  "cgroup",
	  "cgroup",
	  { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	"/sys/fs/selinux",
};

static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq",
					"/proc/sys", "/proc/sysrq-trigger" };

static void process(struct json_out *o)
{
	static const char *const sets[] = { "bounding", "effective",
					    "permitted" };

	json_out_object(o, "process");
	json_out_bool(o, "terminal", true);
	json_out_object(o, "user");
	json_out_int(o, "uid", 0);
	json_out_int(o, "gid", 0);
	json_out_end(o);
	json_out_strings(o, "args", args, ARRAY_SIZE(args));
	json_out_strings(o, "env", env, ARRAY_SIZE(env));
	json_out_string(o, "cwd", "/");
	json_out_object(o, "capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		json_out_strings(o, sets[i], caps, ARRAY_SIZE(caps));
	json_out_end(o);
	json_out_array(o, "rlimits");
	json_out_object(o, NULL);
	json_out_string(o, "type", "RLIMIT_NOFILE");
	json_out_int(o, "hard", 1024);
	json_out_int(o, "soft", 1024);
	json_out_end(o);
	json_out_end(o);
	json_out_bool(o, "noNewPrivileges", true);
	json_out_end(o);
}

/* Group 5 (tty) is in no map of one id. */
static bool is_wanted(const char *option, bool rootless)
{
	return !rootless || strncmp(option, "gid=", 4) != 0;
}

static void one_mount(struct json_out *o, const struct mount *m, bool rootless)
{
	json_out_object(o, NULL);
	json_out_string(o, "destination", m->destination);
	json_out_string(o, "type", m->type);
	json_out_string(o, "source", m->source);
	json_out_array(o, "options");
	for (size_t i = 0; i < MAX_OPTIONS && m->options[i]; i++)
		if (is_wanted(m->options[i], rootless))
			json_out_string(o, NULL, m->options[i]);
	json_out_end(o);
	json_out_end(o);
}

static void resources(struct json_out *o)
{
	json_out_object(o, "resources");
	json_out_array(o, "devices");
	json_out_object(o, NULL);
	json_out_bool(o, "allow", false);
	json_out_string(o, "access", "rwm");
	json_out_end(o);
	json_out_end(o);
	json_out_object(o, "pids");
	json_out_int(o, "limit", 2048);
	json_out_end(o);
	json_out_end(o);
}

static void namespaces(struct json_out *o, bool rootless)
{
	static const char *const types[] = { "pid", "network", "ipc",
					     "uts", "mount",   "cgroup" };

	json_out_array(o, "namespaces");
	for (size_t i = 0; i < ARRAY_SIZE(types) + rootless; i++) {
		json_out_object(o, NULL);
		json_out_string(o, "type",
				i < ARRAY_SIZE(types) ? types[i] : "user");
		json_out_end(o);
	}
	json_out_end(o);
}

static void mapping(struct json_out *o, const char *key, uint32_t host_id)
{
	json_out_array(o, key);
	json_out_object(o, NULL);
	json_out_int(o, "containerID", 0);
	json_out_uint(o, "hostID", host_id);
	json_out_int(o, "size", 1);
	json_out_end(o);
	json_out_end(o);
}

int oci_spec_text(bool rootless, uid_t uid, gid_t gid, struct arena *a,
		  const char **ret_text, struct err *e)
{
	struct json_out o;

	json_out_init(&o, "\t");
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersion", OCI_VERSION_MAX);
	process(&o);
	json_out_object(&o, "root");
	json_out_string(&o, "path", "rootfs");
	json_out_bool(&o, "readonly", true);
	json_out_end(&o);
	json_out_string(&o, "hostname", "hull");
	json_out_array(&o, "mounts");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		one_mount(&o, &mounts[i], rootless);
	json_out_end(&o);
	json_out_object(&o, "linux");
	if (rootless) {
		mapping(&o, "uidMappings", uid);
		mapping(&o, "gidMappings", gid);
	} else {
		resources(&o);
	}
	namespaces(&o, rootless);
	oci_seccomp_write(&o, &filter_profile_default);
	json_out_strings(&o, "maskedPaths", masked, ARRAY_SIZE(masked));
	json_out_strings(&o, "readonlyPaths", readonly, ARRAY_SIZE(readonly));
	json_out_end(&o);
	json_out_end(&o);
	*ret_text = json_out_finish(&o, a);
	return *ret_text ? 0 : err_set(e, -ENOMEM, "write a configuration");
}
