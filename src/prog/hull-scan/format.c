/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/format.c - the set of calls in the forms that others read. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/compile.h"
#include "filter/policy.h"
#include "filter/syscalls.h"
#include "prog/hull-scan/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum filter_arch arch_of(const struct family *f)
{
	return f->v[0]->graph->machine->arch;
}

static const char *name_of(const struct family *f, unsigned number)
{
	return syscall_name(arch_of(f), number);
}

static void print_names(const struct family *f, bool with_startup, FILE *out)
{
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (name_of(f, i) && family_allows(f, i, with_startup))
			fprintf(out, "%s\n", name_of(f, i));
	}
}

static void print_numbers(const struct family *f, bool with_startup, FILE *out)
{
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (family_allows(f, i, with_startup))
			fprintf(out, "%u\n", i);
	}
}

static void print_table(const struct family *f, bool with_startup, FILE *out)
{
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		struct scan *s = family_allows(f, i, with_startup);
		const struct scan_call *c = s ? &s->calls[i] : NULL;

		if (!c)
			continue;
		fprintf(out, "%3u  %-24s %s%s\n", i, name_of(f, i) ? name_of(f, i) : "(no name)",
			c->is_startup_only ? "start-up: " : "",
			c->node == NO_NODE ? c->why : scan_place(s, c->node, c->address));
	}
	fprintf(out, "%zu calls, %zu of them after start-up\n", family_count(f, true),
		family_count(f, false));
}

static void print_oci_names(const struct family *f, bool with_startup, bool allowed, FILE *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (!name_of(f, i) || !family_allows(f, i, with_startup) == allowed)
			continue;
		fprintf(out, "%s\n      \"%s\"", comma, name_of(f, i));
		comma = ",";
	}
}

/* OCI runtime-spec, linux.seccomp. What the program does not make is refused
 * with EPERM; numbers that we do not know (a younger kernel's) with ENOSYS, so
 * that C libraries fall back. */
static void print_oci(const struct family *f, bool with_startup, FILE *out)
{
	fprintf(out, "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": 38,\n"
		     "  \"architectures\": [\"%s\"],\n  \"syscalls\": [\n"
		     "    { \"action\": \"SCMP_ACT_ALLOW\", \"names\": [",
		arch_of(f) == FILTER_X86_64 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64");
	print_oci_names(f, with_startup, true, out);
	fprintf(out, "\n    ] },\n"
		     "    { \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1, \"names\": [");
	print_oci_names(f, with_startup, false, out);
	fprintf(out, "\n    ] }\n  ]\n}\n");
}

static int print_filter(const struct family *f, bool with_startup, bool is_c, FILE *out,
			struct err *e)
{
	struct filter_policy policy;
	struct sock_fprog p;
	struct arena a;
	int r;

	arena_init(&a);
	r = policy_make(f, with_startup, POLICY_ERRNO, NULL, &a, &policy, e);
	if (r == 0)
		r = filter_compile(&policy, &a, &p, e);
	if (r == 0 && !is_c)
		fwrite(p.filter, sizeof(*p.filter), p.len, out);
	if (r == 0 && is_c) {
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

static void print_systemd(const struct family *f, bool with_startup, FILE *out)
{
	fprintf(out, "SystemCallArchitectures=native\nSystemCallErrorNumber=EPERM\n"
		     "SystemCallFilter=");
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		if (name_of(f, i) && family_allows(f, i, with_startup))
			fprintf(out, "%s ", name_of(f, i));
	}
	fprintf(out, "\n");
}

int report_print(const struct family *f, const char *format, bool with_startup, FILE *out,
		 struct err *e)
{
	static const struct {
		const char *name;
		void (*print)(const struct family *f, bool with_startup, FILE *out);
	} formats[] = {
		{ "names", print_names },     { "numbers", print_numbers },
		{ "table", print_table },     { "oci", print_oci },
		{ "systemd", print_systemd },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(format, formats[i].name) == 0)
			formats[i].print(f, with_startup, out);
	}
	if (strcmp(format, "bpf") == 0 || strcmp(format, "c") == 0)
		return print_filter(f, with_startup, strcmp(format, "c") == 0, out, e);
	return 0;
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
