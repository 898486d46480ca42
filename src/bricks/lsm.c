/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/lsm.c - the AppArmor profile or SELinux label of the program.
 *
 * Both are written to files in /proc/self/attr and take effect at the next
 * execve(). A write that lands elsewhere is a container without a profile, so
 * the file is opened in the runtime's own procfs and may be neither a link nor
 * a mount (CVE-2019-16884, CVE-2025-52881).
 *
 * A profile asked for on a host without that LSM is an error: the user believes
 * to be protected by it. Only AppArmor's "unconfined" asks for nothing. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LSM_APPARMOR, LSM_SELINUX, LSM_SELINUX_KEYS };
enum { LABEL_MAX = 4096 }; /* what one write() to procfs may have: a page */

/* The files take one line. */
static int check_label(const char *field, const char *label, struct err *e)
{
	if (strlen(label) > LABEL_MAX - 16)
		return err_input(e, "%s: too long", field);
	for (const char *p = label; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_input(e, "%s: control characters", field);
	return 0;
}

static int missing(const char *field, const char *label, const char *lsm, struct err *e)
{
	err_plain(e, -EOPNOTSUPP, "%s: \"%s\" asked for, but %s is not active on this host",
		  field, label, lsm);
	return err_hint(e, -EOPNOTSUPP, "leave it out, or boot the kernel with %s", lsm);
}

static int plan_apparmor(const char *profile, const struct host *h, struct plan *p,
			 struct err *e)
{
	const struct op op = { .brick = &brick_lsm, .phase = PHASE_LOCK,
			       .kind = LSM_APPARMOR, .fd = -EBADF, .str = profile };
	int r = check_label("process.apparmorProfile", profile, e);

	if (r < 0)
		return r;
	p->uses_proc = true;
	if (h->has_apparmor)
		return plan_add(p, op, e);
	if (strcmp(profile, "unconfined") == 0)
		return 0;
	return missing("process.apparmorProfile", profile, "AppArmor", e);
}

static int plan_selinux(const char *label, const struct host *h, struct plan *p,
			struct err *e)
{
	struct op op = { .brick = &brick_lsm, .phase = PHASE_LOCK, .kind = LSM_SELINUX_KEYS,
			 .fd = -EBADF, .str = label };
	int r = check_label("process.selinuxLabel", label, e);

	if (r < 0)
		return r;
	if (!h->has_selinux)
		return missing("process.selinuxLabel", label, "SELinux", e);
	p->uses_proc = true;
	r = plan_add(p, op, e);
	op.kind = LSM_SELINUX;
	return r < 0 ? r : plan_add(p, op, e);
}

static int lsm_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	const struct conf_process *proc = &c->process;
	int r = 0;

	if (proc->apparmor && proc->apparmor[0])
		r = plan_apparmor(proc->apparmor, h, p, e);
	if (r == 0 && proc->selinux && proc->selinux[0])
		r = plan_selinux(proc->selinux, h, p, e);
	return r;
}

/* Kernels before 5.8 have AppArmor's file only under the name shared by all
 * LSMs. */
static int write_apparmor(int proc_fd, const char *profile)
{
	char text[LABEL_MAX];
	int r;

	snprintf(text, sizeof(text), "exec %s", profile);
	r = sys_write_proc(proc_fd, "self/attr/apparmor/exec", text);
	if (r == -ENOENT || r == -ENOTDIR)
		r = sys_write_proc(proc_fd, "self/attr/exec", text);
	return r;
}

static int lsm_apply(const struct op *op, struct run *r, struct err *e)
{
	int proc_fd = run_proc(r, e), ret;

	if (proc_fd < 0)
		return proc_fd;
	switch (op->kind) {
	case LSM_APPARMOR:
		ret = write_apparmor(proc_fd, op->str);
		if (ret == -ENOENT) {
			err_plain(e, ret, "process.apparmorProfile: \"%s\" is not loaded", op->str);
			return err_hint(e, ret, "load it with apparmor_parser");
		}
		return ret < 0 ? err_set(e, ret, "process.apparmorProfile: ask for \"%s\"", op->str) : 0;
	case LSM_SELINUX_KEYS:
		ret = sys_write_proc(proc_fd, "self/attr/keycreate", op->str);
		return ret < 0 ? err_set(e, ret, "process.selinuxLabel: \"%s\" for new keys", op->str) : 0;
	}
	ret = sys_write_proc(proc_fd, "self/attr/exec", op->str);
	return ret < 0 ? err_set(e, ret, "process.selinuxLabel: ask for \"%s\"", op->str) : 0;
}

static void lsm_show(const struct op *op, FILE *out)
{
	static const char *const what[] = {
		[LSM_APPARMOR] = "AppArmor profile %s",
		[LSM_SELINUX] = "SELinux label %s",
		[LSM_SELINUX_KEYS] = "SELinux label of new keys %s",
	};

	fprintf(out, what[op->kind], op->str);
}

const struct brick brick_lsm = {
	.name = "lsm",
	.plan = lsm_plan,
	.apply = lsm_apply,
	.show = lsm_show,
};
