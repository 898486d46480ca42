/* SPDX-License-Identifier: Apache-2.0 */
/* oci/features.c - what this runtime can do, as `features` prints it.
 *
 * A list is written from the table that reads the words. What has no table is
 * said by the rows below; test-oci-features.c holds them against the bricks
 * there are, so that neither a promise nor a gift stays unnoticed. */
#include "oci/features.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "cgroup/unit.h"
#include "filter/policy.h"
#include "oci/config-priv.h"
#include "oci/mount-options.h"
#include "oci/version.h"
#include "parse/json-out.h"
#include "run/hooks.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

struct answer {
	const char *object, *key;
	bool value;
};

/* In the order of features-linux.md. */
static const struct answer seccomp[] = {
	{ "seccomp", "enabled", true },
};
static const struct answer parts[] = {
	{ "apparmor", "enabled", true },
	{ "selinux", "enabled", true },
	{ "netDevices", "enabled", true },
};
static const struct answer intel_rdt[] = {
	{ "intelRdt", "enabled", true },
	{ "intelRdt", "schemata", true },
	{ "intelRdt", "monitoring", true },
};

/* Annotations whose value decides about more than the container asks for: who
 * lets strangers write config.json should look at them. */
static const char *const unsafe_annotations[] = {
	"org.hull.",
	"org.systemd.property.",
	"run.oci.",
};

static void answers(struct json_out *o, const struct answer *a, size_t n)
{
	json_out_object(o, a->object);
	for (size_t i = 0; i < n; i++)
		json_out_bool(o, a[i].key, a[i].value);
	json_out_end(o);
}

/* systemd is spoken to by a program that need not be installed. */
static void cgroups(struct json_out *o)
{
	bool has_systemd = unit_is_available();
	const struct answer rows[] = {
		{ "cgroup", "v1", true },
		{ "cgroup", "v2", true },
		{ "cgroup", "systemd", has_systemd },
		{ "cgroup", "systemdUser", has_systemd },
		{ "cgroup", "rdma", true },
	};

	answers(o, rows, ARRAY_SIZE(rows));
}

static void words(struct json_out *o, const char *key, const struct word *w,
		  size_t n)
{
	json_out_array(o, key);
	for (size_t i = 0; i < n; i++)
		json_out_string(o, NULL, w[i].name);
	json_out_end(o);
}

static void lists(struct json_out *o)
{
	json_out_array(o, "hooks");
	for (int k = 0; k < HOOK_MAX_; k++)
		json_out_string(o, NULL, hook_name((enum hook_kind)k));
	json_out_end(o);
	json_out_array(o, "mountOptions");
	for (size_t i = 0; i < n_mount_options; i++)
		json_out_string(o, NULL, mount_options[i].word);
	json_out_end(o);
}

static void linux_lists(struct json_out *o)
{
	json_out_array(o, "namespaces");
	for (int k = 0; k < NS_MAX_; k++)
		json_out_string(o, NULL, ns_name((enum ns_kind)k));
	json_out_end(o);
	json_out_array(o, "capabilities");
	for (int i = 0; cap_name(i); i++)
		json_out_string(o, NULL, cap_name(i));
	json_out_end(o);
}

/* A kernel that knows a flag looks for the filter next (seccomp(2), NOTES). It
 * wants to know what WAIT_KILLABLE_RECV shall wait for. */
static bool is_supported(unsigned flag)
{
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 &&
	       errno == EFAULT;
}

static void seccomp_flags(struct json_out *o, const char *key, bool any)
{
	const char *name;
	unsigned flag;

	json_out_array(o, key);
	for (size_t i = 0; (name = filter_flag_name(i, &flag)); i++)
		if (any || is_supported(flag))
			json_out_string(o, NULL, name);
	json_out_end(o);
}

static void seccomp_lists(struct json_out *o)
{
	json_out_object(o, "seccomp");
	json_out_bool(o, seccomp->key, seccomp->value);
	json_out_array(o, "actions");
	json_out_string(o, NULL, "SCMP_ACT_KILL");
	for (int i = 0; i < FILTER_ACTION_MAX_; i++)
		json_out_string(o, NULL,
				filter_action_name((enum filter_action)i));
	json_out_end(o);
	json_out_array(o, "operators");
	for (int i = 0; i < FILTER_OP_MAX_; i++)
		json_out_string(o, NULL, filter_op_name((enum filter_op)i));
	json_out_end(o);
	json_out_array(o, "archs");
	for (int i = 0; i < FILTER_ARCH_MAX_; i++)
		json_out_string(o, NULL, filter_arch_name((enum filter_arch)i));
	json_out_end(o);
	seccomp_flags(o, "knownFlags", true);
	seccomp_flags(o, "supportedFlags", false);
	json_out_end(o);
}

static void memory_policy(struct json_out *o)
{
	json_out_object(o, "memoryPolicy");
	words(o, "modes", oci_mempolicy_modes, n_oci_mempolicy_modes);
	words(o, "flags", oci_mempolicy_flags, n_oci_mempolicy_flags);
	json_out_end(o);
}

static void mount_extensions(struct json_out *o)
{
	static const struct answer idmap[] = { { "idmap", "enabled", true } };

	json_out_object(o, "mountExtensions");
	answers(o, idmap, ARRAY_SIZE(idmap));
	json_out_end(o);
}

int oci_features_text(struct arena *a, const char **ret_text, struct err *e)
{
	struct json_out o;

	json_out_init(&o, "    ");
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersionMin", OCI_VERSION_MIN);
	json_out_string(&o, "ociVersionMax", OCI_VERSION_MAX);
	lists(&o);
	json_out_object(&o, "linux");
	linux_lists(&o);
	cgroups(&o);
	seccomp_lists(&o);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		answers(&o, &parts[i], 1);
	answers(&o, intel_rdt, ARRAY_SIZE(intel_rdt));
	mount_extensions(&o);
	memory_policy(&o);
	json_out_end(&o);
	json_out_object(&o, "annotations");
	json_out_string(&o, "org.hull.version", HULL_VERSION);
	json_out_end(&o);
	json_out_strings(&o, "potentiallyUnsafeConfigAnnotations",
			 unsafe_annotations, ARRAY_SIZE(unsafe_annotations));
	json_out_end(&o);
	*ret_text = json_out_finish(&o, a);
	return *ret_text ? 0 : err_set(e, -ENOMEM, "write the features");
}
