/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/sysctl.c - kernel settings that belong to a namespace.
 *
 * Which keys a container may have is conf_check()'s to say (only those of its
 * own namespaces: CVE-2022-0811). They are written through the runtime's own
 * procfs, which no mount of the image can cover or redirect (CVE-2025-52881).
 */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "conf/sysctl.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>

static int sysctl_plan(const struct conf *c, const struct host *h,
		       struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_sysctl,
			 .phase = PHASE_BUILD,
			 .fd = -EBADF };
	int r = 0;

	(void)h;
	p->uses_proc |= c->n_sysctls > 0;
	for (size_t i = 0; i < c->n_sysctls && r == 0; i++) {
		op.arg = &c->sysctls[i];
		r = plan_add(p, op, e);
	}
	return r;
}

static int sysctl_apply(const struct op *op, struct run *r, struct err *e)
{
	const uint64_t resolve =
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
	const struct conf_pair *s = op->arg;
	int proc = run_proc(r, e), ret;
	auto_fd int fd = -EBADF;
	char path[PATH_MAX] = "sys/";

	if (proc < 0)
		return proc;
	ret = sysctl_path(s->key, path + 4, sizeof(path) - 4);
	if (ret == 0) {
		fd = sys_open_beneath(proc, path, O_WRONLY, resolve);
		ret = fd < 0 ? fd : sys_write_fd(fd, s->value);
	}
	return ret < 0 ? err_set(e, ret, "linux.sysctl: write \"%s\" to %s",
				 s->value, s->key)
		       : 0;
}

static void sysctl_show(const struct op *op, FILE *out)
{
	const struct conf_pair *s = op->arg;

	fprintf(out, "%s = %s", s->key, s->value);
}

const struct brick brick_sysctl = {
	.name = "sysctl",
	.plan = sysctl_plan,
	.apply = sysctl_apply,
	.show = sysctl_show,
};
