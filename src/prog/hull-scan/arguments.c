/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/arguments.c - what is known of calls' arguments, for people. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "filter/syscalls.h"

const char *report_name(const struct family *f, unsigned number)
{
	return syscall_name(f->v[0]->graph->machine->arch, number);
}

static void put_one(const struct arg_row *row, const struct arg_value *v, unsigned which, char *buf,
		    size_t size)
{
	const char *name = arg_value_name(row, v->v, which);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, v->v[which] > 999999 ? "0x%x" : "%u", v->v[which]);
}

void report_value(const struct arg_row *row, const struct arg_value *v, char *buf, size_t size)
{
	char first[64], second[64] = "any";

	put_one(row, v, 0, first, sizeof(first));
	if (row->n == 2 && !v->is_any_second)
		put_one(row, v, 1, second, sizeof(second));
	if (row->n == 2)
		snprintf(buf, size, "%s/%s", first, second);
	else
		snprintf(buf, size, "%s", first);
}

static void print_list(const struct arg_rule *rule, FILE *out)
{
	char text[160];

	fprintf(out, "       %s%s%s is one of:", rule->row->what[0], rule->row->n == 2 ? "/" : "",
		rule->row->n == 2 ? rule->row->what[1] : "");
	for (size_t i = 0; i < rule->n; i++) {
		report_value(rule->row, &rule->v[i], text, sizeof(text));
		fprintf(out, " %s", text);
	}
	fprintf(out, "\n");
}

static void print_mask(const struct arg_rule *rule, FILE *out)
{
	fprintf(out, "       %s never has:", rule->row->what[0]);
	for (unsigned bit = 0; bit < 32; bit++) {
		const uint32_t v[2] = { 1U << bit };
		const char *name = arg_value_name(rule->row, v, 0);

		if (rule->mask & v[0] && name)
			fprintf(out, " %s", name);
		else if (rule->mask & v[0])
			fprintf(out, " 0x%x", v[0]);
	}
	fprintf(out, "\n");
}

static void print_any(const struct arg_rule *rule, FILE *out)
{
	const struct arg_loss *l = rule->loss;

	fprintf(out, "       %s may be anything%s%s%s%s\n", rule->row->what[0], l ? ": " : "",
		l ? l->reason : "", l && l->node != NO_NODE ? " at " : "",
		l && l->node != NO_NODE ? scan_place(rule->loser, l->node, l->at) : "");
}

void report_arguments(const struct family *f, unsigned number, bool with_startup, FILE *out)
{
	struct arg_rule rule;
	struct arena a;

	arena_init(&a);
	if (args_rule(f, number, with_startup, &a, &rule, NULL) == 0) {
		if (rule.kind == ARG_LIST)
			print_list(&rule, out);
		else if (rule.kind == ARG_MASK)
			print_mask(&rule, out);
		else if (rule.kind == ARG_NOSYS)
			fprintf(out, "       answered by ENOSYS, so that clone is taken, whose "
				     "flags can be looked at\n");
		else if (rule.row)
			print_any(&rule, out);
	}
	arena_done(&a);
}
