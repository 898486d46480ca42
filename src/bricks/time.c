/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/time.c - the clocks of an own time namespace.
 *
 * unshare(CLONE_NEWTIME) (brick_ns) makes the namespace for children; offsets
 * can be written until the first process is in it, which then the child itself
 * becomes by setns(). Format: time_namespaces(7), timens_offsets. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "plan/run.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

enum { TIME_OFFSETS, TIME_ENTER };

static int time_plan(const struct conf *c, const struct host *h, struct plan *p,
		     struct err *e)
{
	struct op op = { .brick = &brick_time,
			 .phase = PHASE_ENTER,
			 .kind = TIME_OFFSETS,
			 .fd = -EBADF,
			 .arg = c };
	int r = 0;

	(void)h;
	if (c->ns[NS_TIME].mode != PART_OWN)
		return 0;
	p->uses_proc = true;
	if (c->monotonic.given || c->boottime.given)
		r = plan_add(p, op, e);
	op.kind = TIME_ENTER;
	return r < 0 ? r : plan_add(p, op, e);
}

static int print_offsets(const struct conf *c, char *text, size_t n)
{
	const struct conf_time_offset *m = &c->monotonic, *b = &c->boottime;
	int len = 0;

	if (m->given)
		len = snprintf(text, n, "monotonic %" PRId64 " %" PRIu32 "\n",
			       m->secs, m->nanosecs);
	if (b->given)
		len += snprintf(text + len, n - (size_t)len,
				"boottime %" PRId64 " %" PRIu32 "\n", b->secs,
				b->nanosecs);
	return len;
}

static int time_apply(const struct op *op, struct run *r, struct err *e)
{
	int proc_fd = run_proc(r, e), ret;
	auto_fd int fd = -EBADF;
	char text[128];

	if (proc_fd < 0)
		return proc_fd;
	if (op->kind == TIME_OFFSETS) {
		(void)print_offsets(op->arg, text, sizeof(text));
		ret = sys_write_proc(proc_fd, "self/timens_offsets", text);
		return ret < 0 ? err_set(e, ret,
					 "linux.timeOffsets: write "
					 "/proc/self/timens_offsets")
			       : 0;
	}
	fd = openat(proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the new time namespace");
	ret = sys_setns(fd, (int)ns_clone_flag(NS_TIME));
	return ret < 0 ? err_set(e, ret, "enter the new time namespace") : 0;
}

static void time_show(const struct op *op, FILE *out)
{
	const struct conf *c = op->arg;

	if (op->kind == TIME_ENTER) {
		fprintf(out, "enter the new time namespace");
		return;
	}
	fprintf(out, "offsets:");
	if (c->monotonic.given)
		fprintf(out, " monotonic %+" PRId64 " s", c->monotonic.secs);
	if (c->boottime.given)
		fprintf(out, " boottime %+" PRId64 " s", c->boottime.secs);
}

const struct brick brick_time = {
	.name = "time",
	.plan = time_plan,
	.apply = time_apply,
	.show = time_show,
};
