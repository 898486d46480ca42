/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/format.c - the set of calls in the forms that others read. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/compile.h"

#include <errno.h>
#include <stdlib.h>
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

static int compile(const struct family *f, const struct policy_options *o, struct arena *a,
		   struct sock_fprog *ret, struct err *e)
{
	/* Who installs a bare filter executes the program at once. */
	struct policy_options own = { o->with_startup, o->mode, POLICY_HULL, o->key };
	struct filter_policy policy;
	int r = policy_make(f, &own, a, &policy, e);

	return r < 0 ? r : filter_compile(&policy, a, ret, e);
}

static int print_bpf(const struct family *f, const struct policy_options *o, FILE *out,
		     struct err *e)
{
	struct sock_fprog p;
	struct arena a;
	int r;

	arena_init(&a);
	r = compile(f, o, &a, &p, e);
	if (r == 0)
		fwrite(p.filter, sizeof(*p.filter), p.len, out);
	arena_done(&a);
	return r;
}

static int print_c(const struct family *f, const struct policy_options *o, FILE *out,
		   struct err *e)
{
	struct sock_fprog p;
	struct arena a;
	int r;

	arena_init(&a);
	r = compile(f, o, &a, &p, e);
	if (r == 0) {
		fprintf(out, "/* made by hull-scan for %s */\n#include <linux/filter.h>\n\n"
			     "static const struct sock_filter hull_filter[%u] = {\n",
			f->v[0]->options->program, p.len);
		for (unsigned i = 0; i < p.len; i++)
			fprintf(out, "\t{ 0x%02x, %u, %u, 0x%08x },\n", p.filter[i].code,
				p.filter[i].jt, p.filter[i].jf, p.filter[i].k);
		fprintf(out, "};\n");
	}
	arena_done(&a);
	return r;
}

static int print_systemd(const struct family *f, const struct policy_options *o, FILE *out,
			 struct err *e)
{
	(void)e;
	fprintf(out, "SystemCallArchitectures=native\nSystemCallErrorNumber=EPERM\n"
		     "SystemCallFilter=");
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (report_name(f, i) && family_allows(f, i, o->with_startup))
			fprintf(out, "%s ", report_name(f, i));
	}
	fprintf(out, "\n");
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
		{ "systemd", print_systemd }, { "bpf", print_bpf },
		{ "c", print_c },
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
