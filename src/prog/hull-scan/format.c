/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/format.c - the set of calls in the forms that others read. */
#include "prog/hull-scan/report.h"

#include "base/err.h"

#include <string.h>

static int print_names(const struct family *f, const struct policy_options *o, FILE *out,
		       struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (report_name(f, i) && family_allows(f, i, o->with_startup))
			fprintf(out, "%s\n", report_name(f, i));
	}
	return 0;
}

static int print_numbers(const struct family *f, const struct policy_options *o, FILE *out,
			 struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (family_allows(f, i, o->with_startup))
			fprintf(out, "%u\n", i);
	}
	return 0;
}

static int print_table(const struct family *f, const struct policy_options *o, FILE *out,
		       struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		struct scan *s = family_allows(f, i, o->with_startup);
		const struct scan_call *c = s ? &s->calls[i] : NULL;

		if (!c)
			continue;
		fprintf(out, "%3u  %-24s %s%s\n", i, report_name(f, i) ? report_name(f, i) : "(no name)",
			c->is_startup_only ? "start-up: " : "",
			c->node == NO_NODE ? c->why : scan_place(s, c->node, c->address));
		report_arguments(f, i, o->with_startup, out);
	}
	fprintf(out, "%zu calls, %zu of them after start-up\n", family_count(f, true),
		family_count(f, false));
	return 0;
}

int report_print(const struct family *f, const char *format, const struct policy_options *o,
		 FILE *out, struct err *e)
{
	static const struct {
		const char *name;
		int (*print)(const struct family *f, const struct policy_options *o, FILE *out,
			     struct err *e);
	} formats[] = {
		{ "names", print_names },     { "numbers", print_numbers },
		{ "table", print_table },     { "oci", format_oci },
		{ "systemd", format_systemd }, { "spo", format_spo },
		{ "bpf", format_bpf },        { "c", format_c },
		{ "html", format_html },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(format, formats[i].name) == 0)
			return formats[i].print(f, o, out, e);
	}
	return err_input(e, "--format %s: no such format", format);
}

size_t report_questions(const struct family *f, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct scan *s = f->v[i];

		for (size_t k = 0; k < s->n_questions; k++, n++)
			fprintf(out, "%s: %s\n", s->options->program,
				scan_question_text(s, &s->questions[k]));
	}
	return n;
}
