/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/trace.c - hull-scan trace: what a command was seen to do. */
#include "base/err.h"
#include "base/scope.h"
#include "filter/syscalls.h"
#include "prog/hull-scan/report.h"
#include "prog/hull-scan/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "openat", "i386:open"; what has no name is a number. */
static void print_call(uint64_t call, FILE *out)
{
	uint32_t audit = (uint32_t)(call >> 32), number = (uint32_t)call;
	enum filter_arch arch = filter_native_arch();
	const char *name, *front = "";

	for (int i = 0; i < FILTER_ARCH_MAX_; i++) {
		if (i != FILTER_X32 && filter_audit_arch(i) == audit)
			arch = i;
	}
	if (arch == FILTER_X86_64 && number & 0x40000000U)
		arch = FILTER_X32;
	if (arch != filter_native_arch())
		front = filter_arch_name(arch) + strlen("SCMP_ARCH_");
	name = syscall_name(arch, number);
	fprintf(out, "%s%s", front, *front ? ":" : "");
	if (name)
		fprintf(out, "%s", name);
	else
		fprintf(out, "%u", number);
}

static int by_call(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int print_names(const struct trace *t, FILE *out)
{
	auto_free uint64_t *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].n;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->v[i].n; k++)
			all[n++] = t->v[i].calls[k];
	}
	qsort(all, n, sizeof(*all), by_call);
	for (size_t i = 0; i < n; i++) {
		if (i && all[i] == all[i - 1])
			continue;
		print_call(all[i], out);
		fprintf(out, "\n");
	}
	return 0;
}

static int print_programs(const struct trace *t, FILE *out)
{
	for (size_t i = 0; i < t->n; i++) {
		fprintf(out, "%s:", t->v[i].path);
		for (size_t k = 0; k < t->v[i].n; k++) {
			fprintf(out, " ");
			print_call(t->v[i].calls[k], out);
		}
		fprintf(out, "\n");
	}
	return 0;
}

static void print_text(const char *s, FILE *out)
{
	fputc('"', out);
	for (; *s; s++) {
		if ((unsigned char)*s < ' ')
			fprintf(out, "\\u%04x", *s);
		else
			fprintf(out, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
	}
	fputc('"', out);
}

static int print_json(const struct trace *t, FILE *out)
{
	fprintf(out, "{\"programs\": [");
	for (size_t i = 0; i < t->n; i++) {
		fprintf(out, "%s\n  {\"path\": ", i ? "," : "");
		print_text(t->v[i].path, out);
		fprintf(out, ", \"calls\": [");
		for (size_t k = 0; k < t->v[i].n; k++) {
			fprintf(out, "%s\"", k ? ", " : "");
			print_call(t->v[i].calls[k], out);
			fprintf(out, "\"");
		}
		fprintf(out, "]}");
	}
	fprintf(out, "\n]}\n");
	return 0;
}

static int print(const struct trace *t, const char *format, FILE *out)
{
	if (strcmp(format, "json") == 0)
		return print_json(t, out);
	if (strcmp(format, "programs") == 0)
		return print_programs(t, out);
	return print_names(t, out);
}

int run_trace(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	const struct trace_options *o = opts;
	struct trace t;
	FILE *out = stdout;
	int status = 0, r;

	(void)ctx;
	(void)argc;
	/* Before the command has run for an hour. */
	if (o->output) {
		out = fopen(o->output, "we");
		if (!out)
			return err_sys(e, "%s", o->output);
	}
	r = trace_run(argv, &t, &status, e);
	if (r == 0) {
		r = print(&t, o->format ? o->format : "names", out);
		if (fflush(out) != 0)
			r = -errno;
		if (r < 0)
			err_set(e, r, "%s", o->output ? o->output : "write");
		trace_done(&t);
	}
	if (out != stdout)
		fclose(out);
	return r < 0 ? r : status;
}
