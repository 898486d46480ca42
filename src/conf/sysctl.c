/* SPDX-License-Identifier: Apache-2.0 */
/* conf/sysctl.c - keys of kernel settings, and which a container may set.
 *
 * Most of /proc/sys is the whole host's. A container may set what belongs to a
 * namespace it has (the list is runc's); anything else, and any key or value
 * that could be taken for more than one setting, is refused (CVE-2022-0811:
 * a "+" in a value set kernel.core_pattern). The check looks at the path that
 * will be written, so no spelling of a key gets around it. */
#include "conf/sysctl.h"

#include "base/err.h"
#include "base/scope.h"
#include "conf/check-priv.h"
#include "conf/conf.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* No component is empty, "." or "..". */
static bool is_below(const char *path)
{
	size_t n;

	for (const char *p = path;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.') ||
		    (n == 2 && memcmp(p, "..", 2) == 0))
			return false;
		if (!p[n])
			return true;
	}
}

int sysctl_path(const char *key, char *path, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.:@/";
	size_t n = strlen(key);
	const char *first = strpbrk(key, "./");

	if (n >= size)
		return -ENAMETOOLONG;
	if (strspn(key, letters) != n)
		return -EINVAL;
	memcpy(path, key, n + 1);
	for (char *p = path; *p && first && *first == '.'; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	return is_below(path) ? 0 : -EINVAL;
}

/* A path, or a directory with '/' at the end, and whose it is. */
static const struct {
	const char *path;
	enum ns_kind owner;
} allowed[] = {
	{ "fs/mqueue/", NS_IPC },    { "kernel/msgmax", NS_IPC },
	{ "kernel/msgmnb", NS_IPC }, { "kernel/msgmni", NS_IPC },
	{ "kernel/sem", NS_IPC },    { "kernel/shm_rmid_forced", NS_IPC },
	{ "kernel/shmall", NS_IPC }, { "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC }, { "kernel/domainname", NS_UTS },
	{ "net/", NS_NET },
};

static bool matches(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '/' ? strncmp(path, pattern, n) == 0
				     : strcmp(path, pattern) == 0;
}

static int check_path(const struct conf *c, const char *key, const char *path,
		      struct err *e)
{
	if (strcmp(path, "kernel/hostname") == 0)
		return err_input(e,
				 "linux.sysctl: \"%s\" is set by the "
				 "property hostname",
				 key);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (!matches(allowed[i].path, path))
			continue;
		if (c->ns[allowed[i].owner].mode != PART_OFF)
			return 0;
		return err_input(e,
				 "linux.sysctl: \"%s\" would be the host's: "
				 "the container has no %s namespace",
				 key, ns_name(allowed[i].owner));
	}
	return err_input(e,
			 "linux.sysctl: \"%s\" belongs to no namespace: it "
			 "would be the host's",
			 key);
}

int check_sysctls(const struct conf *c, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < c->n_sysctls && ret == 0; i++) {
		const struct conf_pair *s = &c->sysctls[i];
		char path[PATH_MAX];

		if (sysctl_path(s->key, path, sizeof(path)) < 0)
			return err_input(e, "linux.sysctl: \"%s\" is no key",
					 s->key);
		if (strpbrk(s->value, "\n\r"))
			return err_input(e,
					 "linux.sysctl: the value of \"%s\" "
					 "has a line break",
					 s->key);
		ret = check_path(c, s->key, path, e);
	}
	return ret;
}
