/* SPDX-License-Identifier: Apache-2.0 */
/* oci/state.c - the state of a container as JSON.
 *
 * runc and crun print pid 0 for a container without a process, where the
 * specification leaves it out: engines read it as a number. */
#include "oci/state.h"

#include "base/arena.h"
#include "base/err.h"
#include "oci/version.h"
#include "parse/json-out.h"

#include <errno.h>

static void annotations(struct json_out *o, const struct conf *c)
{
	if (c->n_annotations == 0)
		return;
	json_out_object(o, "annotations");
	for (size_t i = 0; i < c->n_annotations; i++)
		json_out_string(o, c->annotations[i].key,
				c->annotations[i].value);
	json_out_end(o);
}

int oci_state_text(const struct state *s, enum status status,
		   const struct conf *c, const char **ret_text, struct err *e)
{
	bool has_process =
		status != STATUS_STOPPED && status != STATUS_CREATING;
	struct json_out o;

	json_out_init(&o, "  ");
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersion", OCI_VERSION_MAX);
	json_out_string(&o, "id", s->id);
	json_out_int(&o, "pid", has_process ? s->pid : 0);
	json_out_string(&o, "status", status_name(status));
	json_out_string(&o, "bundle", s->bundle);
	json_out_string(&o, "rootfs", s->rootfs);
	json_out_string(&o, "created", s->created);
	annotations(&o, c);
	json_out_string(&o, "owner",
			s->owner == 0
				? "root"
				: arena_printf(c->arena, "#%u", s->owner));
	json_out_end(&o);
	*ret_text = json_out_finish(&o, c->arena);
	return *ret_text ? 0 : err_set(e, -ENOMEM, "state of %s", s->id);
}
