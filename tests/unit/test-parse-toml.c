/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/err.h"
#include "parse/toml.h"
#include "tap.h"

static struct arena arena; /* of the running test */

static int read_text(const char *text, struct toml *t, struct err *e)
{
	return toml_read("x.toml", text, strlen(text), &arena, t, e);
}

static void values_are_read(void)
{
	struct toml t;

	CHECK_INT(read_text("# first\nexec = \"none\" # why\r\n'a b' = true\nb-1=false\n"
			    "list = [ 'x\\y', # one\n\n  \"z\\\"\\t\",\n]\n\n[program.\"a.b\"]\n"
			    "exec = []\n[ other ]\nexec = 'v'", &t, NULL), 0);
	CHECK_INT(t.n, 6);
	CHECK_STR(t.v[0].key, "exec");
	CHECK_STR(t.v[0].v[0], "none");
	CHECK_INT(t.v[0].line, 2);
	CHECK_STR(t.v[1].key, "a b");
	CHECK(t.v[1].type == TOML_BOOL && t.v[1].is_true && !t.v[2].is_true);
	CHECK_INT(t.v[3].n, 2);
	CHECK_STR(t.v[3].v[0], "x\\y");
	CHECK_STR(t.v[3].v[1], "z\"\t");
	CHECK_INT(t.v[4].n_table, 2);
	CHECK_STR(t.v[4].table[1], "a.b");
	CHECK(t.v[4].type == TOML_ARRAY && t.v[4].n == 0);
	CHECK_INT(t.v[4].line, 11);
	CHECK_STR(t.v[5].table[0], "other");
	CHECK_INT(read_text("", &t, NULL), 0);
	CHECK_INT(t.n, 0);
}

static void faults_name_their_line(void)
{
	static const struct {
		const char *text, *line, *words;
	} cases[] = {
		{ "a", ":1:", "expected \"=\"" },
		{ "a = 1", ":1:", "expected a string" },
		{ "a.b = \"x\"", ":1:", "dots" },
		{ "\na = \"x", ":2:", "no end" },
		{ "a = \"x\\u0041\"", ":1:", "backslash" },
		{ "a = \"\"\"x\"\"\"", ":1:", "more than one line" },
		{ "a = \"x\" b", ":1:", "end of the line" },
		{ "a = [ \"x\"\n\"y\" ]", ":2:", "expected \",\"" },
		{ "a = [ \"x\"\n", ":2:", "no end" },
		{ "a = [ , ]", ":1:", "expected a string" },
		{ "a = [ 1 ]", ":1:", "expected a string" },
		{ "a = [ \"x\",, ]", ":1:", "expected a string" },
		{ "a = true\n\na = true", ":3:", "line 1 already" },
		{ "[x]\na = true\n[x]\nb = true", ":3:", "line 1 already" },
		{ "[x.y]\n[x]\n['x' . \"y\"]", ":3:", "line 1 already" },
		{ "[x]\na = true\n[y]\na = true\na = false", ":5:", "line 4 already" },
		{ "a = true\n# \x01", ":2:", "control character 0x01" },
		{ "a = 'x\x7f'", ":1:", "control character 0x7f" },
		{ "a = true\r", ":1:", "control character 0x0d" },
		{ "[[x]]", ":1:", "arrays of tables" },
		{ "[x", ":1:", "expected \"]\"" },
		{ "[a.b.c.d.e]", ":1:", "too many parts" },
		{ "= \"x\"", ":1:", "expected a name" },
		{ "a = \"\xff\"", "", "UTF-8" },
		{ "a = \"x\ny\"", ":1:", "no end" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct toml t;

		if (read_text(cases[i].text, &t, &e) == 0 || !strstr(e.text, cases[i].line) ||
		    !strstr(e.text, cases[i].words) || strncmp(e.text, "x.toml", 6) != 0) {
			printf("# %s: %s\n", cases[i].text, e.text);
			CHECK(false);
		}
	}
}

int main(void)
{
	arena_init(&arena);
	TEST(values_are_read);
	TEST(faults_name_their_line);
	arena_done(&arena);
	return tap_end();
}
