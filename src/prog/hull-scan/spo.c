/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/spo.c - a SeccompProfile of Kubernetes' Security Profiles
 * Operator (security-profiles-operator.x-k8s.io/v1beta1).
 *
 * Unlike an OCI profile it has no errno for the default action, and that of
 * rules is text, which runtimes do not take. So there is no ENOSYS: what is not
 * allowed gets the default, EPERM, and clone3, which has to be answered by
 * ENOSYS or be there, is there. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A name as Kubernetes wants it: lower case, digits and '-'. */
static void print_name(const char *path, FILE *out)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	bool is_first = true;

	for (int n = 0; *base && n < 60; base++) {
		unsigned char c = (unsigned char)tolower((unsigned char)*base);
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!is_plain && is_first)
			continue;
		/* It may not end in '-'. */
		if (!is_plain && !isalnum((unsigned char)base[1]))
			continue;
		fputc(is_plain ? c : '-', out);
		is_first = false;
		n++;
	}
	if (is_first)
		fprintf(out, "program");
}

static void print_rule(const struct filter_rule *rule, FILE *out)
{
	fprintf(out, "  - action: %s\n    names:\n", filter_action_name(rule->action));
	for (size_t i = 0; i < rule->n_names; i++)
		fprintf(out, "    - %s\n", rule->names[i]);
	if (rule->n_conds)
		fprintf(out, "    args:\n");
	for (size_t i = 0; i < rule->n_conds; i++)
		fprintf(out, "    - index: %u\n      op: %s\n      value: %llu\n      valueTwo: %llu\n",
			rule->conds[i].index, filter_op_name(rule->conds[i].op),
			(unsigned long long)rule->conds[i].value,
			(unsigned long long)rule->conds[i].value_two);
}

int format_spo(const struct family *f, const struct policy_options *o, FILE *out, struct err *e)
{
	struct filter_policy p;
	struct arena a;
	int r;

	arena_init(&a);
	r = policy_make(f, o, &a, &p, e);
	if (r == 0) {
		fprintf(out, "# Made by hull-scan.\n"
			     "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
			     "kind: SeccompProfile\nmetadata:\n  name: ");
		print_name(f->v[0]->options->program, out);
		fprintf(out, "\nspec:\n  defaultAction: %s\n  architectures:\n  - %s\n  syscalls:\n",
			filter_action_name(p.default_action),
			filter_arch_name(f->v[0]->graph->machine->arch));
	}
	for (size_t i = 0; r == 0 && i < p.n_rules; i++) {
		struct filter_rule rule = p.rules[i];

		if (!rule.n_names || rule.is_otherwise)
			continue;
		if (rule.action == FILTER_ERRNO && rule.data == ENOSYS)
			rule.action = FILTER_ALLOW;
		if (rule.action != p.default_action)
			print_rule(&rule, out);
	}
	arena_done(&a);
	return r;
}
