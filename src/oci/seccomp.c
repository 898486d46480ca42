/* SPDX-License-Identifier: Apache-2.0 */
/* oci/seccomp.c - linux.seccomp to a policy for filter/.
 *
 * The specification's own demands (config-linux.md, "Seccomp"): an errno for an
 * action that returns none is an error, and so is metadata without a listener.
 * Names of system calls are not looked at here: ones that a kernel or an
 * architecture does not have are passed over by the compiler. No flag is set
 * that was not asked for; runc sets SPEC_ALLOW, which kernels since 5.16 have
 * as their default. */
#include "oci/config-priv.h"

#include "base/arena.h"
#include "filter/policy.h"

#include <errno.h>

enum { ERRNO_MAX = 4095, TRACE_MAX = UINT16_MAX, ARGS = 6 };

/* A word that filter/policy.h knows by from_name(). */
static int name_read(struct read *r, const struct json_at *at, const char *what,
		     int (*from_name)(const char *name), int *ret)
{
	const char *text;
	int code = json_string(at, &text, r->e), value;

	if (code < 0)
		return code;
	value = from_name(text);
	if (value < 0)
		return json_fail(at, r->e, "unknown %s %s", what,
				 JSON_QUOTE(text));
	*ret = value;
	return 0;
}

static int action(struct read *r, const struct json_at *at, void *into)
{
	int value = 0;
	int ret = name_read(r, at, "seccomp action", filter_action_from_name,
			    &value);

	if (ret == 0)
		*(enum filter_action *)into = (enum filter_action)value;
	return ret;
}

/* errnoRet or defaultErrnoRet beside an action: its data. */
static int action_data(struct read *r, const struct json_at *object,
		       const char *key, enum filter_action what, uint16_t *ret)
{
	struct json_at at = json_get(object, key);
	uint64_t n = EPERM;
	int code = 0;

	if (at.v && what != FILTER_ERRNO && what != FILTER_TRACE)
		return json_fail(&at, r->e, "%s returns no errno",
				 filter_action_name(what));
	if (at.v)
		code = json_uint(&at, 0,
				 what == FILTER_ERRNO ? ERRNO_MAX : TRACE_MAX,
				 &n, r->e);
	if (what == FILTER_ERRNO || what == FILTER_TRACE)
		*ret = (uint16_t)n;
	return code;
}

static int operator_(struct read *r, const struct json_at *at, void *into)
{
	int value = 0;
	int ret = name_read(r, at, "operator", filter_op_from_name, &value);

	if (ret == 0)
		*(enum filter_op *)into = (enum filter_op)value;
	return ret;
}

static int condition(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD("index", struct filter_cond, index, .is_required = true,
		      .max = ARGS - 1),
		FIELD("value", struct filter_cond, value, .is_required = true),
		FIELD("valueTwo", struct filter_cond, value_two),
		FIELD_AT("op", struct filter_cond, op, operator_,
			 .is_required = true),
	};

	return FIELDS_READ(r, at, fields, into);
}

static int conditions(struct read *r, const struct json_at *at, void *rule)
{
	struct filter_rule *f = rule;

	return LIST_READ(r, at, condition, &f->conds, &f->n_conds);
}

static int names(struct read *r, const struct json_at *at, void *rule)
{
	struct filter_rule *f = rule;
	struct conf_strings list = { 0 };
	int ret = strings_read(r, at, &list);

	if (ret < 0)
		return ret;
	if (list.n == 0)
		return json_fail(at, r->e, "needs at least one system call");
	f->names = list.v;
	f->n_names = list.n;
	return 0;
}

static int rule(struct read *r, const struct json_at *at, void *into)
{
	static const struct field fields[] = {
		FIELD_FN("names", names, .is_required = true),
		FIELD_AT("action", struct filter_rule, action, action,
			 .is_required = true),
		FIELD_FN("args", conditions),
	};
	struct filter_rule *f = into;
	int ret = FIELDS_READ(r, at, fields, f);

	return ret < 0 ? ret
		       : action_data(r, at, "errnoRet", f->action, &f->data);
}

static int rules(struct read *r, const struct json_at *at, void *policy)
{
	struct filter_policy *p = policy;

	return LIST_READ(r, at, rule, &p->rules, &p->n_rules);
}

static int archs(struct read *r, const struct json_at *at, void *mask)
{
	int ret = json_is(at, JSON_ARRAY, r->e), value = 0;

	for (struct json_at m = json_first(at); m.v && ret == 0;
	     json_next(&m)) {
		ret = name_read(r, &m, "architecture", filter_arch_from_name,
				&value);
		if (ret == 0)
			*(uint32_t *)mask |= UINT32_C(1) << value;
	}
	return ret;
}

static int flags(struct read *r, const struct json_at *at, void *mask)
{
	int ret = json_is(at, JSON_ARRAY, r->e), value = 0;

	for (struct json_at m = json_first(at); m.v && ret == 0;
	     json_next(&m)) {
		ret = name_read(r, &m, "seccomp flag", filter_flag_from_name,
				&value);
		if (ret == 0)
			*(unsigned *)mask |= (unsigned)value;
	}
	return ret;
}

static bool notifies(const struct filter_policy *p)
{
	bool any = p->default_action == FILTER_NOTIFY;

	for (size_t i = 0; i < p->n_rules && !any; i++)
		any = p->rules[i].action == FILTER_NOTIFY;
	return any;
}

/* crun's annotation names the listener when config.json's property does not:
 * annotations are read before `linux`. */
static int check_listener(struct read *r, const struct json_at *at,
			  struct filter_policy *p)
{
	const char *receiver =
		conf_annotation(r->conf, "run.oci.seccomp.receiver");

	if (receiver && *receiver)
		p->listener_path = receiver;
	if (!p->listener_path && p->listener_metadata)
		return json_fail(at, r->e,
				 "listenerMetadata needs a listenerPath");
	if (!p->listener_path && notifies(p))
		return json_fail(at, r->e,
				 "SCMP_ACT_NOTIFY needs a listenerPath");
	if (p->listener_path && *p->listener_path != '/')
		return json_fail(at, r->e,
				 "the listener %s is not an absolute path",
				 JSON_QUOTE(p->listener_path));
	return 0;
}

int oci_seccomp(struct read *r, const struct json_at *at, void *policy)
{
	static const struct field fields[] = {
		FIELD_AT("defaultAction", struct filter_policy, default_action,
			 action, .is_required = true),
		FIELD_AT("architectures", struct filter_policy, archs, archs),
		FIELD_AT("flags", struct filter_policy, flags, flags),
		FIELD("listenerPath", struct filter_policy, listener_path),
		FIELD("listenerMetadata", struct filter_policy,
		      listener_metadata),
		FIELD_FN("syscalls", rules),
	};
	struct filter_policy *p = arena_new(r->arena, struct filter_policy);
	int ret;

	if (!p)
		return read_no_memory(r);
	p->archs = UINT32_C(1) << filter_native_arch();
	ret = FIELDS_READ(r, at, fields, p);
	if (ret == 0)
		ret = action_data(r, at, "defaultErrnoRet", p->default_action,
				  &p->default_data);
	if (ret == 0)
		ret = check_listener(r, at, p);
	if (ret == 0)
		*(const struct filter_policy **)policy = p;
	return ret;
}
