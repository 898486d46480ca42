/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/keyring.c - a session keyring of the container's own.
 *
 * Without one the container's processes would possess the caller's keys:
 * keyrings are no namespace. The new one is anonymous: a name would let any
 * process of the same user join it. */
#include "base/err.h"
#include "bricks/table.h"
#include "conf/conf.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int keyring_plan(const struct conf *c, const struct host *h,
			struct plan *p, struct err *e)
{
	struct op op = { .brick = &brick_keyring,
			 .phase = PHASE_LOCK,
			 .fd = -EBADF };

	(void)h;
	return c->new_keyring ? plan_add(p, op, e) : 0;
}

static int keyring_apply(const struct op *op, struct run *r, struct err *e)
{
	(void)op, (void)r;
	/* A kernel without keys has none to protect. EDQUOT: the user's quota
	 * of keys is used up, and sharing the caller's would be no answer. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
	    errno == ENOSYS)
		return 0;
	err_sys(e, "make a session keyring");
	if (e && e->code == -EDQUOT)
		return err_hint(e, -EDQUOT,
				"raise /proc/sys/kernel/keys/maxkeys, or use "
				"--no-new-keyring");
	return e ? e->code : -EDQUOT;
}

static void keyring_show(const struct op *op, FILE *out)
{
	(void)op;
	fprintf(out, "own session keyring, anonymous");
}

const struct brick brick_keyring = {
	.name = "keyring",
	.plan = keyring_plan,
	.apply = keyring_apply,
	.show = keyring_show,
};
