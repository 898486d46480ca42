/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-cc/command.c - what a compiler's command line is going to make.
 *
 * It is only looked at: the real compiler gets every word as it stands, but for
 * ours (--hull-*). Whatever is not clearly a link of a program or of a shared
 * object is none of our business.
 *
 * The environment says what a build system has no room for on its command
 * lines:
 *   HULL_CC, HULL_CXX   the real compiler (cc, c++)
 *   HULL_CC_STRICT=1    an open question fails the build
 *   HULL_CC_QUIET=1     no warnings
 *   HULL_SCAN           answers, as hull-scan has them: "--exec none ..." */
#include "prog/hull-cc/cc.h"

#include "base/err.h"
#include "base/scope.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_WORDS = 65536, MAX_NESTED = 8, MAX_RESPONSE = 16 << 20 };

struct words {
	struct cc *cc;
	const char **v;
	size_t n;
};

static bool starts(const char *s, const char *front)
{
	return strncmp(s, front, strlen(front)) == 0;
}

static bool is_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v && strcmp(v, "0") != 0;
}

/* ---- answers ---- */

static int add_text(struct cc *c, const char ***v, size_t *n, const char *text)
{
	const char **more = arena_array(&c->arena, *n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	if (*n)
		memcpy(more, *v, *n * sizeof(*more));
	more[(*n)++] = text;
	*v = more;
	return 0;
}

static int answer(struct cc *c, const char *key, const char *value, struct err *e)
{
	struct scan_options *o = &c->answers;
	const struct {
		const char *key, *value;
		enum scan_declared *to, what;
	} words[] = {
		{ "exec", "none", &o->exec, SCAN_NONE },
		{ "dlopen", "none", &o->dlopen, SCAN_NONE },
		{ "dlsym", "none", &o->dlsym, SCAN_NONE },
		{ "unknown", "allow", &o->unknown, SCAN_ANY },
		{ "unknown", "deny", &o->unknown, SCAN_NONE },
		{ "other-abi", "deny", &o->other_abi, SCAN_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(key, words[i].key) == 0 && strcmp(value, words[i].value) == 0) {
			*words[i].to = words[i].what;
			return 0;
		}
	}
	if (strcmp(key, "plugin") == 0)
		return add_text(c, &o->plugins, &o->n_plugins, value);
	if (strcmp(key, "exec") == 0) {
		o->exec = SCAN_ANY;
		return add_text(c, &o->execs, &o->n_execs, value);
	}
	return err_input(e, "HULL_SCAN: --%s %s: expected --plugin PATH, --exec PATH|none, "
			    "--dlopen none, --dlsym none, --unknown allow|deny or --other-abi deny", key, value);
}

static int read_answers(struct cc *c, const char *text, struct err *e)
{
	char *rest = text ? arena_dup(&c->arena, text) : NULL, *word;
	int r = 0;

	while (r >= 0 && rest && (word = strsep(&rest, " \t\n"))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (value)
			*value++ = '\0';
		while (!value && rest && (value = strsep(&rest, " \t\n")) && !*value)
			value = NULL;
		if (!starts(word, "--") || !value)
			return err_input(e, "HULL_SCAN: %s: expected --OPTION VALUE", word);
		r = answer(c, word + 2, value, e);
	}
	return r;
}

/* ---- words, those of response files among them ---- */

static int add_word(struct words *w, const char *word)
{
	if (w->n == MAX_WORDS)
		return -E2BIG;
	w->v[w->n++] = word;
	return 0;
}

/* One word as gcc reads it: blanks end it, quotes and backslashes protect. */
static char *next_word(char **at)
{
	char *p = *at + strspn(*at, " \t\r\n\f\v"), *out = p, *start = p, quote = 0;

	if (!*p)
		return NULL;
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1])
			*out++ = *++p;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else
			*out++ = *p;
	}
	*at = *p ? p + 1 : p;
	*out = '\0';
	return start;
}

static char *read_response(struct cc *c, const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_RESPONSE)
		return NULL;
	text = arena_alloc(&c->arena, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static int expand(struct words *w, const char *word, int depth)
{
	char *text = *word == '@' && depth < MAX_NESTED ? read_response(w->cc, word + 1) : NULL;
	char *at = text, *one;
	int r = 0;

	if (!text)
		return add_word(w, word);
	while (r == 0 && (one = next_word(&at)))
		r = expand(w, one, depth + 1);
	return r;
}

/* ---- what is made ---- */

/* Words after which nothing is linked. */
static bool is_no_link(const char *word)
{
	static const char *const exact[] = { "-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "-r",
					     "--help", "--version", "-dumpversion", "-dumpmachine",
					     "-dumpspecs", "-###", "-m32", "-mx32", "-cc1", "-cc1as",
					     "-Wl,-r", "-Wl,--relocatable", "--emit-ast", "-dumpfullversion" };

	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		if (strcmp(word, exact[i]) == 0)
			return true;
	}
	return starts(word, "-print-") || starts(word, "--print-") || starts(word, "--help=");
}

/* Words that take the next one with them. */
static bool takes_next(const char *word)
{
	static const char *const exact[] = { "-o", "-x", "-I", "-L", "-l", "-D", "-U", "-T", "-u",
					     "-z", "-e", "-h", "-include", "-imacros", "-isystem",
					     "-iquote", "-idirafter", "-iprefix", "-isysroot", "-MF",
					     "-MT", "-MQ", "-Xlinker", "-Xassembler", "-Xpreprocessor",
					     "-Xclang", "-arch", "-target", "-aux-info", "-A", "-B",
					     "--param", "-wrapper", "-specs", "-mllvm", "-soname" };

	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		if (strcmp(word, exact[i]) == 0)
			return true;
	}
	return false;
}

/* What configuration scripts make to try the compiler. */
static bool is_trial(const char *output)
{
	const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;

	return starts(name, "conftest") || starts(name, "cmTC_") || starts(name, "sanitycheck") ||
	       starts(output, "/dev/") || strstr(output, "/meson-private/") ||
	       strstr(output, "/CMakeScratch/");
}

static int look(struct cc *c, struct words *w)
{
	size_t inputs = 0;
	int r = 0;

	c->kind = CC_PROGRAM;
	c->output = "a.out";
	for (size_t i = 0; r == 0 && i < w->n; i++) {
		const char *word = w->v[i], *next = i + 1 < w->n ? w->v[i + 1] : "";

		/* Standard input can be read once only. */
		if (is_no_link(word) || strcmp(word, "-") == 0) {
			c->kind = CC_PASS;
			return 0;
		}
		if (strcmp(word, "-shared") == 0)
			c->kind = CC_SHARED;
		if (strcmp(word, "-o") == 0)
			c->output = next;
		else if (starts(word, "-o"))
			c->output = word + 2;
		if (starts(word, "-L"))
			r = add_text(c, &c->library_dirs, &c->n_library_dirs,
				     word[2] ? word + 2 : next);
		if (takes_next(word))
			i++;
		else
			inputs += *word != '-' || starts(word, "-l") || starts(word, "-Wl,");
	}
	if (!inputs || !*c->output || is_trial(c->output))
		c->kind = CC_PASS;
	return r;
}

/* go build -toolexec "hull-cc" runs "hull-cc /.../pkg/tool/OS_ARCH/link ...". */
static bool is_go_tool(const char *word)
{
	return *word == '/' && strstr(word, "/pkg/tool/");
}

static void look_go(struct cc *c)
{
	const char *name = strrchr(c->argv[0], '/') + 1;

	c->is_go = true;
	c->kind = CC_PASS;
	if (strcmp(name, "link") != 0)
		return;
	for (size_t i = 1; i + 1 < c->argc; i++) {
		if (strcmp(c->argv[i], "-o") == 0) {
			c->output = c->argv[i + 1];
			c->kind = CC_PROGRAM;
		}
	}
	/* Made by C's linker: it has been through us if CC says so. */
	for (size_t i = 1; i < c->argc; i++) {
		if (starts(c->argv[i], "-buildmode=") && !strstr(c->argv[i], "=exe") &&
		    !strstr(c->argv[i], "=pie"))
			c->kind = CC_PASS;
	}
}

static const char *real_compiler(const char *self)
{
	const char *name = strrchr(self, '/') ? strrchr(self, '/') + 1 : self;
	bool is_cxx = strstr(name, "++");
	const char *v = getenv(is_cxx ? "HULL_CXX" : "HULL_CC");

	if (v && *v)
		return v;
	return is_cxx ? "c++" : "cc";
}

/* HULL_CC may hold words: "ccache gcc". */
static int add_compiler(struct cc *c, const char *text)
{
	char *rest = arena_dup(&c->arena, text), *word;

	while (rest && (word = strsep(&rest, " \t"))) {
		if (*word)
			c->argv[c->argc++] = word;
	}
	return c->argc ? 0 : -EINVAL;
}

/* Ours are taken out, whatever tool there is behind. */
static int take_own(struct cc *c, const char *word, const char **compiler, struct err *e)
{
	char *key = arena_dup(&c->arena, word + strlen("--hull-")), *value;

	value = key ? strchr(key, '=') : NULL;
	if (!value)
		return err_input(e, "%s: expected --hull-OPTION=VALUE", word);
	*value++ = '\0';
	if (strcmp(key, "cc") != 0)
		return answer(c, key, value, e);
	*compiler = value;
	return 0;
}

int cc_read(struct cc *c, int argc, char **argv, struct err *e)
{
	const char *compiler = real_compiler(argv[0]);
	struct words w = { .cc = c };
	int r = read_answers(c, getenv("HULL_SCAN"), e);

	if (r < 0)
		return r;
	c->is_strict = is_set("HULL_CC_STRICT");
	c->is_quiet = is_set("HULL_CC_QUIET");
	c->argv = arena_array(&c->arena, (size_t)argc + strlen(compiler) + 4096, sizeof(*c->argv));
	w.v = arena_array(&c->arena, MAX_WORDS, sizeof(*w.v));
	if (!c->argv || !w.v)
		return err_set(e, -ENOMEM, "read the command line");
	for (int i = 1; r == 0 && i < argc; i++) {
		if (starts(argv[i], "--hull-"))
			r = take_own(c, argv[i], &compiler, e);
	}
	if (r < 0)
		return r;
	if (argc > 1 && is_go_tool(argv[1]))
		c->argc = 0;
	else if (add_compiler(c, compiler) < 0)
		return err_input(e, "HULL_CC: no compiler");
	for (int i = 1; i < argc; i++) {
		if (!starts(argv[i], "--hull-"))
			c->argv[c->argc++] = argv[i];
	}
	c->argv[c->argc] = NULL;
	if (argc > 1 && is_go_tool(argv[1])) {
		look_go(c);
		return 0;
	}
	for (int i = 1; r == 0 && i < argc; i++) {
		if (!starts(argv[i], "--hull-"))
			r = expand(&w, argv[i], 0);
	}
	/* What is too long for us is the compiler's matter. */
	if (r < 0 || look(c, &w) < 0)
		c->kind = CC_PASS;
	return 0;
}
