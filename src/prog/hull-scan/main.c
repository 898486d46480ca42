/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/main.c - the system calls a program can make, from its file. */
#include "base/err.h"
#include "base/scope.h"
#include "filter/syscalls.h"
#include "prog/front/option.h"
#include "prog/hull-scan/report.h"
#include "scan/answers.h"
#include "scan/store.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_OPEN = 2 };

struct options {
	const char *root, *format, *unknown, *dlopen, *dlsym, *startup, *debug, *mode;
	const char *runtime, *widen, *old_root, *cache, *answers, *other_abi;
	struct option_list plugins, execs, library_dirs;
	uint32_t seen_fd; /* 0: none */
	struct arena *arena; /* lives as long as the command runs */
};

#define AT(member) offsetof(struct options, member)

/* How a program is analysed; what is printed of it stands in the commands' own. */
#define ANALYSIS_OPTIONS \
	{ "root", 0, OPTION_STRING, AT(root), "DIR", \
	  "analyse inside this root file system; the program's path is seen from there" }, \
	{ "start-up", 0, OPTION_STRING, AT(startup), "include|exclude", \
	  "calls that only ld.so's start makes (include)" }, \
	{ "plugin", 'p', OPTION_LIST, AT(plugins), "PATH", \
	  "a library that it loads by dlopen, wildcards allowed; with this the list is complete" }, \
	{ "exec", 'x', OPTION_LIST, AT(execs), "PATH", \
	  "a program that it executes, or \"none\": it executes nothing" }, \
	{ "dlopen", 0, OPTION_STRING, AT(dlopen), "error|none", \
	  "where the name of a library is not known: it is loaded by nobody (none)" }, \
	{ "dlsym", 0, OPTION_STRING, AT(dlsym), "error|none", \
	  "where the name of a symbol is not known: it is one of a plugin's (none)" }, \
	{ "unknown", 0, OPTION_STRING, AT(unknown), "error|allow|deny", \
	  "where the number of a call is not known: allow all calls, or none" }, \
	{ "other-abi", 0, OPTION_STRING, AT(other_abi), "error|deny", \
	  "where a 32-bit or x32 system call stands: it is refused (deny)" }, \
	{ "answers", 0, OPTION_STRING, AT(answers), "FILE", \
	  "a hull-scan.toml with answers; those of the command line go first" }, \
	{ "library-path", 'L', OPTION_LIST, AT(library_dirs), "DIR", \
	  "a folder of libraries, as in LD_LIBRARY_PATH" }, \
	{ "debug-dir", 0, OPTION_STRING, AT(debug), "DIR", \
	  "separate debug files, for names and sizes of variables (/usr/lib/debug), or \"none\"" }, \
	{ "cache", 0, OPTION_STRING, AT(cache), "DIR", \
	  "where summaries of libraries are kept (/var/cache/hull, ~/.cache/hull), or \"none\"" }, \
	{ "widen", 0, OPTION_STRING, AT(widen), "yes|no", \
	  "allow whole families of calls that C libraries interchange (for dynamic programs)" }

static const struct option options[] = {
	{ "format", 'f', OPTION_STRING, AT(format), REPORT_FORMATS, "what to print (names)" },
	{ "seen-fd", 0, OPTION_U32, AT(seen_fd), "FD",
	  "write there which files were looked at, for a cache" },
	{ "mode", 0, OPTION_STRING, AT(mode), "errno|kill|log",
	  "what a filter does with other calls: EPERM, end the program, log them (errno)" },
	{ "runtime", 0, OPTION_STRING, AT(runtime), "runc|crun|hull|none",
	  "-f oci: who starts the program; its own last calls are allowed, too (runc)" },
	ANALYSIS_OPTIONS,
	{ NULL },
};

static const struct option diff_options[] = {
	{ "format", 'f', OPTION_STRING, AT(format), "text|json", "what to print (text)" },
	{ "old-root", 0, OPTION_STRING, AT(old_root), "DIR",
	  "the root file system of the old program (that of --root)" },
	ANALYSIS_OPTIONS,
	{ NULL },
};

static bool is(const char *given, const char *word)
{
	return given && strcmp(given, word) == 0;
}

static int to_scan(const struct options *o, struct scan_options *ret, struct err *e)
{
	*ret = (struct scan_options){
		.root = o->root ? o->root : "/",
		.library_dirs = o->library_dirs.v, .n_library_dirs = o->library_dirs.n,
		.plugins = o->plugins.v, .n_plugins = o->plugins.n,
		.execs = o->execs.v, .n_execs = o->execs.n,
		.dlopen = is(o->dlopen, "none") ? SCAN_NONE : SCAN_ASK,
		.dlsym = is(o->dlsym, "none") ? SCAN_NONE : SCAN_ASK,
		.unknown = is(o->unknown, "allow") ? SCAN_ANY
			   : is(o->unknown, "deny") ? SCAN_NONE : SCAN_ASK,
		.other_abi = is(o->other_abi, "deny") ? SCAN_NONE : SCAN_ASK,
		.widen = is(o->widen, "yes") ? SCAN_WIDEN_YES
			 : is(o->widen, "no") ? SCAN_WIDEN_NO : SCAN_WIDEN_DYNAMIC,
		.debug_dir = is(o->debug, "none") ? NULL
			     : o->debug ? o->debug : "/usr/lib/debug",
	};
	for (size_t i = 0; i < o->execs.n; i++) {
		if (!is(o->execs.v[i], "none")) {
			/* Declared: what is not known is one of these. */
			ret->exec = SCAN_ANY;
			continue;
		}
		if (o->execs.n > 1)
			return err_input(e, "--exec none does not go with other programs");
		ret->exec = SCAN_NONE;
		ret->n_execs = 0;
	}
	return 0;
}

/* Without --root a program may be named as the shell does it. */
static int scan_one(const struct options *o, const char *path, struct family *ret_f,
		    struct err *e)
{
	auto_free char *whole = NULL;
	struct scan_options s;
	int r = to_scan(o, &s, e);

	if (r < 0)
		return r;
	if (!o->root) {
		whole = realpath(path, NULL);
		if (!whole)
			return err_sys(e, "%s", path);
		path = whole;
	}
	s.program = path;
	if (o->seen_fd && !(s.seen = fdopen((int)o->seen_fd, "w")))
		return err_sys(e, "--seen-fd %u", o->seen_fd);
	r = o->answers ? answers_read(o->answers, path, o->arena, &s, e) : 0;
	if (r == 0 && !is(o->cache, "none"))
		s.store = store_open(o->cache);
	if (r == 0)
		r = family_scan(&s, ret_f, e);
	s.store = store_close(s.store);
	if (s.seen && fclose(s.seen) != 0 && r == 0)
		r = err_sys(e, "--seen-fd %u", o->seen_fd);
	return r;
}

static int finish(const struct family *f)
{
	size_t n = report_questions(f, stderr);

	report_stale(f, stderr);
	if (!n)
		return 0;
	fprintf(stderr, "hull-scan: %zu open question%s: this is no complete answer\n"
			"hint: declare --plugin, --exec, --dlopen, --dlsym, --unknown or --other-abi; see --help\n",
		n, n == 1 ? "" : "s");
	return EXIT_OPEN;
}

static int run_calls(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	const struct options *o = opts;
	const struct policy_options policy = { !is(o->startup, "exclude"), policy_mode(o->mode),
					       policy_runtime(o->runtime), NULL };
	int status = 0;

	(void)ctx;
	for (int i = 0; i < argc; i++) {
		struct family f = { 0 };
		int r = scan_one(o, argv[i], &f, e);

		if (r < 0)
			return r;
		r = finish(&f);
		if (r)
			status = r;
		/* A list with holes is not printed: somebody would use it. */
		if (!r || is(o->format, "table") || is(o->format, "html"))
			r = report_print(&f, o->format ? o->format : "names",
					 &policy, stdout, e);
		family_done(&f);
		if (r < 0)
			return r;
	}
	return status;
}

static int number_of(enum filter_arch arch, const char *name, unsigned *ret, struct err *e)
{
	int id = syscall_id(name);
	int number = id < 0 ? id : syscall_number(arch, id);

	if (number < 0 || number >= SCAN_CALLS)
		return err_input(e, "there is no system call \"%s\" on %s", name,
				 arch == FILTER_X86_64 ? "x86-64" : "aarch64");
	*ret = (unsigned)number;
	return 0;
}

static void print_why(const struct family *f, struct scan *s, unsigned number)
{
	if (s != f->v[0])
		printf("%s executes %s:\n", f->v[0]->options->program, s->options->program);
	report_why(s, number, stdout);
	report_arguments(f, number, true, stdout);
}

static int run_why(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	struct family f = { 0 };
	struct scan *s;
	unsigned number = 0;
	auto_free char *name = strdup(argv[0]);
	char *value = name ? strchr(name, ':') : NULL;
	int r = scan_one(opts, argv[1], &f, e);

	(void)ctx;
	(void)argc;
	if (value)
		*value++ = '\0';
	if (r == 0)
		r = name ? number_of(f.v[0]->graph->machine->arch, name, &number, e)
			 : err_set(e, -ENOMEM, "why");
	if (r < 0) {
		family_done(&f);
		return r;
	}
	s = family_allows(&f, number, true);
	if (s && value)
		r = report_why_value(&f, number, value, stdout, e);
	else if (s)
		print_why(&f, s, number);
	if (r < 0)
		return r;
	if (!s || (value && r == 0))
		printf("%s cannot make the call %s\n", argv[1], argv[0]);
	if (value && r == 0)
		s = NULL;
	r = finish(&f);
	family_done(&f);
	return s || r ? r : EXIT_FAILURE;
}

static int run_diff(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	struct options o = *(const struct options *)opts, was;
	struct family old = { 0 }, new = { 0 };
	int r;

	(void)ctx;
	(void)argc;
	/* A family's other members would be noise. */
	if (!o.widen)
		o.widen = "no";
	was = o;
	if (o.old_root)
		was.root = o.old_root;
	r = scan_one(&was, argv[0], &old, e);
	if (r == 0)
		r = scan_one(&o, argv[1], &new, e);
	if (r == 0) {
		r = finish(&old);
		r = finish(&new) || r ? EXIT_OPEN : 0;
	}
	if (r == 0)
		r = report_diff(&old, &new, !is(o.startup, "exclude"), is(o.format, "json"), stdout,
				e);
	family_done(&old);
	family_done(&new);
	return r;
}

static int run_objects(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	struct family f = { 0 };
	int r = scan_one(opts, argv[0], &f, e);

	(void)ctx;
	(void)argc;
	if (r < 0)
		return r;
	for (size_t i = 0; i < f.v[0]->closure->n; i++) {
		const struct object *o = f.v[0]->closure->v[i];

		printf("%s%s\n", o->path, o->is_plugin ? " (plugin)" : "");
	}
	r = finish(&f);
	family_done(&f);
	return r;
}

static int run_exec(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	const struct options *o = opts;
	struct family f = { 0 };
	struct arena a;
	const char *path;
	int r = 0;

	(void)ctx;
	(void)argc;
	if (o->root || o->startup || o->format)
		return err_input(e, "exec: --root, --start-up and --format have no meaning here");
	arena_init(&a);
	path = exec_find(argv[0], &a);
	r = scan_one(o, path, &f, e);
	if (r == 0) {
		r = finish(&f);
		if (r == 0)
			r = exec_program(&f, o->mode, path, argv, e);
		family_done(&f);
	}
	arena_done(&a);
	return r;
}

#define TRACE_AT(member) offsetof(struct trace_options, member)

static const struct option trace_options[] = {
	{ "format", 'f', OPTION_STRING, TRACE_AT(format), "names|programs|json",
	  "all calls (names), or those of each program file" },
	{ "output", 'o', OPTION_STRING, TRACE_AT(output), "FILE", "write them there" },
	{ NULL },
};

static const struct command commands[] = {
	{ "calls", "PROGRAM...", "print the system calls that programs can make",
	  "Exit status 2: something could not be decided and has to be declared.", 1, -1, 0,
	  options, sizeof(struct options), run_calls },
	{ "why", "CALL[:VALUE] PROGRAM", "print the shortest chain from an entry point to the call",
	  NULL, 2, 2, 0, options, sizeof(struct options), run_why },
	{ "diff", "OLD NEW", "print what a program can do that its predecessor could not",
	  "Exit status 0: nothing new; 3: new calls or arguments; 4: sensitive ones among them; "
	  "2: something\nhas to be declared first.", 2, 2, 0,
	  diff_options, sizeof(struct options), run_diff },
	{ "objects", "PROGRAM", "print the files that are analysed for a program", NULL, 1, 1, 0,
	  options, sizeof(struct options), run_objects },
	{ "note", "FILE", "print what a program carries for its filter (hull-cc)", NULL, 1, 1, 0,
	  NULL, 0, run_note },
	{ "exec", "PROGRAM [ARG...]", "run a program under the filter that is found for it",
	  "Exit status 2: something has to be declared first; the program was not run.", 1, -1, 1,
	  options, sizeof(struct options), run_exec },
	{ "trace", "COMMAND [ARG...]", "run a command and print the calls that it makes",
	  "The exit status is the command's. All threads and children are watched.", 1, -1, 1,
	  trace_options, sizeof(struct trace_options), run_trace },
	{ NULL },
};

static const struct program program = {
	.name = "hull-scan",
	.summary = "the system calls a program can make, found in its machine code",
	.commands = commands,
};

static int run(int argc, char **argv, struct err *e)
{
	const struct command *c = argc > 1 ? command_find(commands, argv[1]) : NULL;
	struct words w = { argc - 1, argv + 1, false };
	struct options o = { 0 };
	struct arena a;
	int r;

	if (argc < 2 || is(argv[1], "--help") || is(argv[1], "-h") || is(argv[1], "help")) {
		help_program(&program, argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_FAILURE : 0;
	}
	if (is(argv[1], "--version")) {
		printf("hull-scan %s\n", HULL_VERSION);
		return 0;
	}
	/* `hull-scan PROGRAM` is `hull-scan calls PROGRAM`. */
	if (c) {
		w.argc--;
		w.argv++;
	} else {
		c = &commands[0];
	}
	arena_init(&a);
	o.arena = &a;
	r = options_parse(c->options, c->options_end, &w, &o, &a, e);
	if (r == 0 && w.wants_help)
		help_command(&program, c, stdout);
	else if (r == 0)
		r = command_check(c, w.argc, e);
	if (r == 0 && !w.wants_help)
		r = c->run(NULL, &o, w.argc, w.argv, e);
	arena_done(&a);
	return r;
}

/* One analysis frees and takes large pieces again and again: the kernel need not
 * clear them every time. */
static void keep_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	(void)mallopt(M_TOP_PAD, 4 << 20);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	char line[ERR_TEXT + 128];
	int r;

	keep_memory();
	r = run(argc, argv, &e);

	if (r >= 0)
		return fflush(stdout) == 0 ? r : EXIT_FAILURE;
	err_line(&e, line, sizeof(line));
	fprintf(stderr, "hull-scan: %s\n", line);
	if (e.hint[0])
		fprintf(stderr, "hint: %s\n", e.hint);
	return EXIT_FAILURE;
}
