/* SPDX-License-Identifier: Apache-2.0 */
/* conf/rdt.c - where a container's directories in resctrl are.
 *
 * runtime-spec, config-linux.md, "IntelRdt": without a closID the class is the
 * container's own and has its id. A class that was named is somebody's who
 * outlives the container. "/" is the default class. */
#include "conf/rdt.h"

#include "base/arena.h"
#include "conf/conf.h"

#include <string.h>

const char *conf_rdt_class(const struct conf *c)
{
	const char *name = c->rdt.clos_id;

	if (!name)
		return c->id;
	return strcmp(name, "/") == 0 ? "." : name;
}

const char *conf_rdt_monitor(const struct conf *c, struct arena *a)
{
	if (!c->rdt.enable_monitoring)
		return NULL;
	return arena_printf(a, "%s/mon_groups/%s", conf_rdt_class(c), c->id);
}

const char *conf_rdt_own(const struct conf *c, struct arena *a)
{
	if (!c->rdt.given)
		return "";
	if (!c->rdt.clos_id)
		return arena_printf(a, "%s/%s", RDT_ROOT, c->id);
	if (!c->rdt.enable_monitoring)
		return "";
	return arena_printf(a, "%s/%s", RDT_ROOT, conf_rdt_monitor(c, a));
}
