/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/mount-label.c - the SELinux label of the files of a mount.
 *
 * SELinux labels the files of a new file system by an option of its super
 * block. Not those of the kernel's own views, which have labels of their own,
 * nor what is bound: that is the engine's to label. The list is runc's. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/mount-priv.h"
#include "host/host.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

const char *mount_label(const struct conf *c, const struct conf_mount *m)
{
	static const char *const views[] = { "proc", "sysfs", "mqueue",
					     "cgroup", "cgroup2" };

	if (!c->mount_label || m->flags & MS_BIND || !m->type)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (strcmp(m->type, views[i]) == 0)
			return NULL;
	return m->data && strstr(m->data, "context=") ? NULL : c->mount_label;
}

int mount_label_check(const struct conf *c, const struct host *h, struct err *e)
{
	if (!c->mount_label)
		return 0;
	if (strpbrk(c->mount_label, "\"\n\r"))
		return err_input(e, "linux.mountLabel: \"%s\" is no label",
				 c->mount_label);
	if (h->has_selinux)
		return 0;
	err_plain(e, -EOPNOTSUPP,
		  "linux.mountLabel: \"%s\" asked for, but SELinux is not "
		  "active on this host",
		  c->mount_label);
	return err_hint(e, -EOPNOTSUPP,
			"leave it out, or boot the kernel with SELinux");
}
