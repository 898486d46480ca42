/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/cheader.c - the filter as bytes, and as a header for C and C++. */
#include "prog/hull-scan/report.h"

#include "base/arena.h"
#include "filter/compile.h"

static int compile(const struct family *f, const struct policy_options *o, struct arena *a,
		   struct sock_fprog *ret, struct err *e)
{
	/* Who installs a bare filter executes the program at once. */
	const struct policy_options own = { o->with_startup, o->mode, POLICY_HULL, o->key };
	struct filter_policy policy;
	int r = policy_make(f, &own, a, &policy, e);

	return r < 0 ? r : filter_compile(&policy, a, ret, e);
}

int format_bpf(const struct family *f, const struct policy_options *o, FILE *out, struct err *e)
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

/* A path may hold what ends a comment. */
static void print_path(const char *path, FILE *out)
{
	for (; *path; path++) {
		bool is_odd = (unsigned char)*path < ' ' || *path == '*' || *path == '\\';

		fputc(is_odd ? '?' : *path, out);
	}
}

static void print_array(const struct sock_fprog *p, FILE *out)
{
	fprintf(out, "static const struct sock_filter hull_filter[%u] = {\n", p->len);
	for (unsigned i = 0; i < p->len; i++)
		fprintf(out, "\t{ 0x%02x, %u, %u, 0x%08x },\n", p->filter[i].code, p->filter[i].jt,
			p->filter[i].jf, p->filter[i].k);
	fprintf(out, "};\n");
}

int format_c(const struct family *f, const struct policy_options *o, FILE *out, struct err *e)
{
	static const char installer[] =
		"/* Installs the filter for the calling thread and all that it makes; with\n"
		" * SECCOMP_FILTER_FLAG_TSYNC as flags for all threads of the process. Sets\n"
		" * no_new_privs: programs that are executed gain no power by their files.\n"
		" * Returns 0, or -1 with errno. */\n"
		"static inline int hull_filter_install(unsigned flags)\n"
		"{\n"
		"\tstruct sock_fprog p;\n"
		"\tlong r;\n"
		"\n"
		"\tp.len = sizeof(hull_filter) / sizeof(hull_filter[0]);\n"
		"\tp.filter = (struct sock_filter *)hull_filter;\n"
		"\tif (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)\n"
		"\t\treturn -1;\n"
		"\tr = syscall(SYS_seccomp, (long)SECCOMP_SET_MODE_FILTER, (long)flags, &p);\n"
		"\tif (r > 0) /* a thread that could not be brought along */\n"
		"\t\terrno = EBUSY;\n"
		"\treturn r == 0 ? 0 : -1;\n"
		"}\n";
	struct sock_fprog p;
	struct arena a;
	int r;

	arena_init(&a);
	r = compile(f, o, &a, &p, e);
	if (r == 0) {
		fprintf(out, "/* Made by hull-scan for ");
		print_path(f->v[0]->options->program, out);
		fprintf(out, ". Do not edit. */\n#pragma once\n\n#ifndef %s\n"
			     "#error \"this filter is for another machine\"\n#endif\n\n",
			f->v[0]->graph->machine->arch == FILTER_X86_64 ? "__x86_64__"
								       : "__aarch64__");
		fprintf(out, "#include <errno.h>\n#include <linux/filter.h>\n"
			     "#include <linux/seccomp.h>\n#include <sys/prctl.h>\n"
			     "#include <sys/syscall.h>\n#include <unistd.h>\n\n");
		print_array(&p, out);
		fprintf(out, "\n%s", installer);
	}
	arena_done(&a);
	return r;
}
