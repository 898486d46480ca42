/* SPDX-License-Identifier: Apache-2.0 */
/* oci/seccomp-out.c - a filter policy as config.json has it.
 *
 * The inverse of oci/seccomp.c: what is written here is read there as the same
 * policy (test-oci-texts.c). */
#include "oci/config-priv.h"

#include "filter/policy.h"
#include "parse/json-out.h"

static void data(struct json_out *o, const char *key, enum filter_action action,
		 uint16_t value)
{
	if (action == FILTER_ERRNO || action == FILTER_TRACE)
		json_out_uint(o, key, value);
}

static void condition(struct json_out *o, const struct filter_cond *c)
{
	json_out_object(o, NULL);
	json_out_uint(o, "index", c->index);
	json_out_uint(o, "value", c->value);
	if (c->op == FILTER_MASKED_EQ)
		json_out_uint(o, "valueTwo", c->value_two);
	json_out_string(o, "op", filter_op_name(c->op));
	json_out_end(o);
}

static void rule(struct json_out *o, const struct filter_rule *r)
{
	json_out_object(o, NULL);
	json_out_strings(o, "names", r->names, r->n_names);
	json_out_string(o, "action", filter_action_name(r->action));
	data(o, "errnoRet", r->action, r->data);
	if (r->n_conds) {
		json_out_array(o, "args");
		for (size_t i = 0; i < r->n_conds; i++)
			condition(o, &r->conds[i]);
		json_out_end(o);
	}
	json_out_end(o);
}

static void archs(struct json_out *o, uint32_t mask)
{
	json_out_array(o, "architectures");
	for (int i = 0; i < FILTER_ARCH_MAX_; i++)
		if (mask & UINT32_C(1) << i)
			json_out_string(o, NULL,
					filter_arch_name((enum filter_arch)i));
	json_out_end(o);
}

static void flags(struct json_out *o, unsigned mask)
{
	const char *name;
	unsigned flag;

	if (!mask)
		return;
	json_out_array(o, "flags");
	for (size_t i = 0; (name = filter_flag_name(i, &flag)); i++)
		if (mask & flag)
			json_out_string(o, NULL, name);
	json_out_end(o);
}

void oci_seccomp_write(struct json_out *o, const struct filter_policy *p)
{
	json_out_object(o, "seccomp");
	json_out_string(o, "defaultAction",
			filter_action_name(p->default_action));
	data(o, "defaultErrnoRet", p->default_action, p->default_data);
	archs(o, p->archs);
	flags(o, p->flags);
	if (p->listener_path)
		json_out_string(o, "listenerPath", p->listener_path);
	if (p->listener_metadata)
		json_out_string(o, "listenerMetadata", p->listener_metadata);
	json_out_array(o, "syscalls");
	for (size_t i = 0; i < p->n_rules; i++)
		rule(o, &p->rules[i]);
	json_out_end(o);
	json_out_end(o);
}
