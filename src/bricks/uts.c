/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/uts.c - the host name and the NIS domain name.
 *
 * Set in an own UTS namespace, and in a joined one as well: an engine that hands
 * over a namespace and a name means both (runc and crun do the same). Without
 * either the name would be the host's. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { UTS_HOST, UTS_DOMAIN };

static int add(struct plan *p, int kind, const char *name, struct err *e)
{
	struct op op = { .brick = &brick_uts,
			 .phase = PHASE_BEGIN,
			 .kind = kind,
			 .fd = -EBADF,
			 .str = name };

	return name ? plan_add(p, op, e) : 0;
}

static int uts_plan(const struct conf *c, const struct host *h, struct plan *p,
		    struct err *e)
{
	int r;

	(void)h;
	if (c->ns[NS_UTS].mode == PART_OFF) {
		if (!c->hostname && !c->domainname)
			return 0;
		err_input(e,
			  "%s: the container has no UTS namespace of its own",
			  c->hostname ? "hostname" : "domainname");
		return err_hint(e, -EINVAL,
				"add {\"type\": \"uts\"} to linux.namespaces, "
				"or leave the name out");
	}
	r = add(p, UTS_HOST, c->hostname, e);
	return r < 0 ? r : add(p, UTS_DOMAIN, c->domainname, e);
}

static int uts_apply(const struct op *op, struct run *r, struct err *e)
{
	(void)r;
	if (op->kind == UTS_HOST && sethostname(op->str, strlen(op->str)) < 0)
		return err_sys(e, "set hostname \"%s\"", op->str);
	if (op->kind == UTS_DOMAIN &&
	    setdomainname(op->str, strlen(op->str)) < 0)
		return err_sys(e, "set domainname \"%s\"", op->str);
	return 0;
}

static void uts_show(const struct op *op, FILE *out)
{
	fprintf(out, "%s = %s",
		op->kind == UTS_HOST ? "hostname" : "domainname", op->str);
}

const struct brick brick_uts = {
	.name = "uts",
	.plan = uts_plan,
	.apply = uts_apply,
	.show = uts_show,
};
