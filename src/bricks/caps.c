/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/caps.c - the five capability sets.
 *
 * What a set that is not asked for holds is nothing: an inheritable set that is
 * left over gave containers of runc and crun more than they were meant to have
 * (CVE-2022-29162, CVE-2022-27650).
 *
 * CAP_SYS_ADMIN stays permitted and effective until execve(), because
 * PHASE_SEAL needs it: to install a filter without no_new_privs, and to point
 * /proc/self/exe elsewhere (run/leap.h). It is in no set that execve() builds
 * on (bounding, inheritable, ambient) unless it was asked for, so execve()
 * takes it away: capabilities(7), "Transformation of capabilities during
 * execve()". */
#include "base/arena.h"
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEAL_CAPS (1ULL << CAP_SYS_ADMIN)

/* op.arg */
struct job {
	const struct conf_caps *caps;
	uint64_t have; /* the runtime's, and the child's where is_known */
	bool is_known;
};

static int caps_plan(const struct conf *c, const struct host *h, struct plan *p,
		     struct err *e)
{
	struct job *job = arena_new(p->arena, struct job);
	/* Capabilities newer than this table's, or than the kernel's, are
	 * dropped from the bounding set as well: num is the last to drop. */
	struct op op = { .brick = &brick_caps,
			 .phase = PHASE_LOCK,
			 .fd = -EBADF,
			 .arg = job,
			 .num = (uint64_t)h->cap_last };

	if (!job)
		return err_set(e, -ENOMEM, "plan");
	job->caps = &c->process.caps;
	job->have = h->caps;
	/* Neither a user namespace nor a change of user has altered them. */
	job->is_known = c->ns[NS_USER].mode == PART_OFF && c->process.uid == 0 &&
			h->euid == 0;
	return plan_add(p, op, e);
}

static int get(uint64_t *permitted, struct err *e)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2] = { 0 };

	if (syscall(SYS_capget, &head, d) < 0)
		return err_sys(e, "read own capabilities");
	*permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	return 0;
}

static int set(uint64_t effective, uint64_t permitted, uint64_t inheritable,
	       struct err *e)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)effective, (uint32_t)permitted,
		  (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return syscall(SYS_capset, &head, d) < 0
		       ? err_sys(e, "process.capabilities: set them")
		       : 0;
}

static int drop_bounding(uint64_t keep, unsigned last, struct err *e)
{
	for (unsigned cap = 0; cap <= last; cap++)
		if (!(keep & 1ULL << cap) &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(e,
				       "process.capabilities.bounding: drop "
				       "capability %u",
				       cap);
	return 0;
}

/* The kernel raises what is permitted and inheritable, too; runc's own `spec`
 * used to ask for more, so asking is no fault. */
static int raise_ambient(uint64_t want, unsigned last, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "clear ambient capabilities");
	for (unsigned cap = 0; cap <= last; cap++)
		if ((want & 1ULL << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e,
				       "process.capabilities.ambient: raise "
				       "capability %u",
				       cap);
	return 0;
}

static void warn_missing(uint64_t missing, unsigned last, struct run *r)
{
	for (unsigned cap = 0; cap <= last; cap++)
		if (missing & 1ULL << cap && cap_name((int)cap))
			run_warn(r,
				 "process.capabilities: %s is left out: the "
				 "runtime has not got it itself",
				 cap_name((int)cap));
}

/* A change of user has emptied the effective set (keep-caps keeps the permitted
 * one only). */
static int raise_all(const struct job *job, uint64_t *have, struct err *e)
{
	int r;

	*have = job->have;
	if (job->is_known)
		return 0;
	r = get(have, e);
	return r < 0 ? r : set(*have, *have, 0, e);
}

static int caps_apply(const struct op *op, struct run *r, struct err *e)
{
	const struct job *job = op->arg;
	const struct conf_caps *c = job->caps;
	unsigned last = (unsigned)op->num;
	uint64_t have = 0, permitted, effective, asked;
	int ret = raise_all(job, &have, e);

	if (ret == 0)
		ret = drop_bounding(c->bounding, last, e);
	if (ret < 0)
		return ret;
	/* Nobody can have what the runtime itself has not. */
	asked = c->permitted & have;
	if (c->permitted & ~have)
		warn_missing(c->permitted & ~have, last, r);
	r->seal_caps = SEAL_CAPS & have;
	permitted = asked | r->seal_caps;
	effective = (c->effective & have) | r->seal_caps;
	ret = set(effective, permitted, c->inheritable & have, e);
	/* Not with what SEAL needs: that is permitted, but was not asked for. */
	return ret < 0 ? ret
		       : raise_ambient(c->ambient & asked & c->inheritable,
				       last, e);
}

static void show_set(const char *name, uint64_t set_bits, FILE *out)
{
	const char *between = "";

	fprintf(out, "%s ", name);
	if (!set_bits)
		fprintf(out, "none");
	for (int cap = 0; cap < 64; cap++) {
		if (!(set_bits & 1ULL << cap))
			continue;
		fprintf(out, "%s%s", between,
			cap_name(cap) ? cap_name(cap) + 4 : "?");
		between = ",";
	}
}

static void caps_show(const struct op *op, FILE *out)
{
	const struct job *job = op->arg;
	const struct conf_caps *c = job->caps;

	show_set("bounding", c->bounding, out);
	if (c->effective != c->bounding)
		show_set("; effective", c->effective, out);
	if (c->permitted != c->bounding)
		show_set("; permitted", c->permitted, out);
	if (c->inheritable)
		show_set("; inheritable", c->inheritable, out);
	if (c->ambient)
		show_set("; ambient", c->ambient, out);
}

const struct brick brick_caps = {
	.name = "capabilities",
	.plan = caps_plan,
	.apply = caps_apply,
	.show = caps_show,
};
