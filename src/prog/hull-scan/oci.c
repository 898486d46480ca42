/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/oci.c - an OCI seccomp profile (runtime-spec, linux.seccomp).
 *
 * A profile lists names, so the default action is what numbers get that we do
 * not know: ENOSYS, for C libraries fall back on it. An argument rule is one
 * entry for each value: conditions of one entry must all hold, entries are
 * alternatives. There is no "otherwise": an argument that is in no entry gets
 * the default, too. */
#include "scan/policy.h"
#include "prog/hull-scan/report.h"

#include "base/arena.h"

static void print_names(const struct filter_rule *rule, FILE *out)
{
	for (size_t i = 0; i < rule->n_names; i++)
		fprintf(out, "%s\"%s\"", i ? ",\n      " : rule->n_names > 1 ? "\n      " : "",
			rule->names[i]);
	fprintf(out, "%s]", rule->n_names > 1 ? "\n    " : "");
}

static void print_conditions(const struct filter_rule *rule, FILE *out)
{
	for (size_t i = 0; i < rule->n_conds; i++) {
		const struct filter_cond *c = &rule->conds[i];

		fprintf(out, "%s\n      { \"index\": %u, \"op\": \"%s\", \"value\": %llu, "
			     "\"valueTwo\": %llu }",
			i ? "," : ", \"args\": [", c->index, filter_op_name(c->op),
			(unsigned long long)c->value, (unsigned long long)c->value_two);
	}
	fprintf(out, "%s", rule->n_conds ? " ]" : "");
}

static void print_action(const char *key, const char *key_errno, enum filter_action action,
			 unsigned data, FILE *out)
{
	fprintf(out, "\"%s\": \"%s\"", key, filter_action_name(action));
	if (action == FILTER_ERRNO)
		fprintf(out, ", \"%s\": %u", key_errno, data);
}

int format_oci(const struct family *f, const struct policy_options *o, FILE *out, struct err *e)
{
	struct filter_policy p;
	const char *comma = "";
	struct arena a;
	int r;

	arena_init(&a);
	r = policy_make(f, o, &a, &p, e);
	if (r == 0) {
		fprintf(out, "{\n  ");
		print_action("defaultAction", "defaultErrnoRet", p.default_action, p.default_data,
			     out);
		fprintf(out, ",\n  \"architectures\": [\"%s\"],\n  \"syscalls\": [",
			filter_arch_name(f->v[0]->graph->machine->arch));
	}
	for (size_t i = 0; r == 0 && i < p.n_rules; i++) {
		if (!p.rules[i].n_names || p.rules[i].is_otherwise)
			continue;
		fprintf(out, "%s\n    { ", comma);
		print_action("action", "errnoRet", p.rules[i].action, p.rules[i].data, out);
		fprintf(out, ", \"names\": [");
		print_names(&p.rules[i], out);
		print_conditions(&p.rules[i], out);
		fprintf(out, " }");
		comma = ",";
	}
	if (r == 0)
		fprintf(out, "\n  ]\n}\n");
	arena_done(&a);
	return r;
}
