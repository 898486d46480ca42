/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/json.h"

#include "base/arena.h"
#include "base/err.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static struct arena arena;
static struct err err;

static int load(const char *text, struct json_at *root)
{
	return json_load("t", text, strlen(text), &arena, root, &err);
}

/* Texts that are no JSON, and the line each makes. */
static void faults_are_found_where_they_are(void)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "t: line 1, column 1: expected a value, found the end" },
		{ " \n", "t: line 2, column 1: expected a value, found the end" },
		{ "{", "t: line 1, column 2: expected a name in quotes, found the end" },
		{ "{\"a\" 1}", "t: line 1, column 6: expected ':', found '1'" },
		{ "{\"a\":1,}", "t: line 1, column 8: expected a name in quotes, found '}'" },
		{ "[1,]", "t: line 1, column 4: expected a value, found ']'" },
		{ "[1 2]", "t: line 1, column 4: expected ',' or ']', found '2'" },
		{ "{\"a\":1\n\"b\":2}", "t: line 2, column 1: expected ',' or '}', found '\"'" },
		{ "[1] x", "t: line 1, column 5: expected the end, found 'x'" },
		{ "tru", "t: line 1, column 1: expected a value, found 't'" },
		{ "[\v]", "t: line 1, column 2: expected a value, found byte 0x0b" },
		{ "[01]", "t: line 1, column 2: a number with a leading zero" },
		{ "[-]", "t: line 1, column 2: a minus sign without a number" },
		{ "[1.]", "t: line 1, column 4: expected a digit, found ']'" },
		{ "[1e+]", "t: line 1, column 5: expected a digit, found ']'" },
		{ "[.5]", "t: line 1, column 2: expected a value, found '.'" },
		{ "[+1]", "t: line 1, column 2: expected a value, found '+'" },
		{ "[0x10]", "t: line 1, column 3: expected ',' or ']', found 'x'" },
		{ "[\"a", "t: line 1, column 2: a string without an end" },
		{ "[\"a\nb\"]", "t: line 1, column 4: control character 0x0a in a string" },
		{ "[\"\\q\"]", "t: line 1, column 3: unknown escape in a string" },
		{ "[\"\\", "t: line 1, column 3: unknown escape in a string" },
		{ "[\"\\u12g4\"]", "t: line 1, column 3: \\u needs four hex digits" },
		{ "[\"\\u0000\"]", "t: line 1, column 3: a string may not hold U+0000" },
		{ "[\"\\ud800\"]", "t: line 1, column 3: half of a surrogate pair" },
		{ "[\"\\udc00\\ud800\"]", "t: line 1, column 3: half of a surrogate pair" },
		{ "[\"\\ud800\\u0041\"]", "t: line 1, column 3: half of a surrogate pair" },
		{ "[\"\xc0\xaf\"]", "t: line 1, column 3: a string that is no UTF-8" },
		{ "[\"\xed\xa0\x80\"]", "t: line 1, column 3: a string that is no UTF-8" },
		{ "[\"\xf4\x90\x80\x80\"]", "t: line 1, column 3: a string that is no UTF-8" },
		{ "[\"\xe2\x82\"]", "t: line 1, column 3: a string that is no UTF-8" },
		{ "\xef\xbb\xbf{}", "t: line 1, column 1: expected a value, found byte 0xef" },
		{ "{\"a\":1,\"b\":2,\"a\":3}",
		  "t: line 1, column 19: the name \"a\" stands twice in an object" },
		{ "{\"a\\n\":\"x\\n\",\n \"b\":?}",
		  "t: line 2, column 6: expected a value, found '?'" },
	};
	struct json_at root;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(load(bad[i].text, &root), -EINVAL);
		CHECK_STR(err.text, bad[i].words);
	}
}

static void a_nul_does_not_end_the_text(void)
{
	struct json_at root;

	CHECK_INT(json_load("t", "[1]\0]", 5, &arena, &root, &err), -EINVAL);
	CHECK_STR(err.text,
		  "t: line 1, column 4: expected the end, found byte 0x00");
	CHECK_INT(json_load("t", "[\"a\0b\"]", 7, &arena, &root, &err),
		  -EINVAL);
	CHECK_STR(err.text, "t: line 1, column 4: control character 0x00 in a "
			    "string");
}

static void strings_are_decoded(void)
{
	struct json_at root, s;
	const char *text;

	CHECK_INT(load("[\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac"
		       "\\ud83d\\ude00\xe2\x82\xac\"]",
		       &root),
		  0);
	s = json_first(&root);
	CHECK_INT(json_string(&s, &text, &err), 0);
	CHECK_STR(text, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac"
			"\xf0\x9f\x98\x80\xe2\x82\xac");
	CHECK_INT(s.v->n, strlen(text));
}

static void integers_are_exact(void)
{
	struct json_at root, n;
	uint64_t u;
	int64_t i;

	CHECK_INT(load("[18446744073709551615,-9223372036854775808,"
		       "9223372036854775807,-0,18446744073709551616,"
		       "-9223372036854775809,1.0,1e3]",
		       &root),
		  0);
	n = json_first(&root);
	CHECK_INT(json_uint(&n, 0, UINT64_MAX, &u, &err), 0);
	CHECK(u == UINT64_MAX);
	CHECK_INT(json_int(&n, INT64_MIN, INT64_MAX, &i, &err), -EINVAL);
	CHECK_STR(err.text, "t: [0]: expected a number from "
			    "-9223372036854775808 to 9223372036854775807, "
			    "found 18446744073709551615");
	json_next(&n);
	CHECK_INT(json_int(&n, INT64_MIN, INT64_MAX, &i, &err), 0);
	CHECK(i == INT64_MIN);
	CHECK_INT(json_uint(&n, 0, UINT64_MAX, &u, &err), -EINVAL);
	json_next(&n);
	CHECK_INT(json_int(&n, INT64_MIN, INT64_MAX, &i, &err), 0);
	CHECK(i == INT64_MAX);
	json_next(&n);
	CHECK_INT(json_uint(&n, 0, 0, &u, &err), 0);
	CHECK_INT(u, 0);
	for (json_next(&n); n.v; json_next(&n)) {
		CHECK_INT(json_uint(&n, 0, UINT64_MAX, &u, &err), -EINVAL);
		CHECK_INT(json_int(&n, INT64_MIN, INT64_MAX, &i, &err),
			  -EINVAL);
	}
	CHECK_INT(root.v->n, 8);
	CHECK_STR(err.text, "t: [7]: expected a number from "
			    "-9223372036854775808 to 9223372036854775807, "
			    "found 1e3");
}

static void errors_name_the_path(void)
{
	struct json_at root, a, b, c, d;
	bool on;

	CHECK_INT(load("{\"a\":[{\"x\":0},{\"b.c\":{\"d\":\"no\"}}]}", &root), 0);
	a = json_get(&root, "a");
	b = json_first(&a);
	json_next(&b);
	c = json_get(&b, "b.c");
	CHECK_INT(json_bool(&c, &on, &err), -EINVAL);
	CHECK_STR(err.text, "t: a[1][\"b.c\"]: expected true or false, found "
			    "an object");
	d = json_get(&c, "d");
	CHECK_INT(json_bool(&d, &on, &err), -EINVAL);
	CHECK_STR(err.text, "t: a[1][\"b.c\"].d: expected true or false, "
			    "found a string");
	CHECK(err.is_input);
}

static void null_is_absent(void)
{
	struct json_at root;

	CHECK_INT(load("{\"a\":null}", &root), 0);
	CHECK(!json_get(&root, "a").v);
	CHECK(!json_get(&root, "b").v);
}

/* 100 000 names, the last of them one of the others. */
static void many_names_are_compared(void)
{
	size_t n = 0, size = 100000 * 12 + 20;
	char *text = calloc(1, size);
	struct json_at root;

	n += (size_t)snprintf(text, size, "{");
	for (int i = 0; i < 100000; i++)
		n += (size_t)snprintf(text + n, size - n, "\"k%d\":0,", i);
	snprintf(text + n, size - n, "\"k777\":0}");
	CHECK_INT(load(text, &root), -EINVAL);
	CHECK(strstr(err.text, "\"k777\" stands twice"));
	snprintf(text + n, size - n, "\"l777\":0}");
	CHECK_INT(load(text, &root), 0);
	CHECK_INT(root.v->n, 100001);
	free(text);
}

static void depth_has_an_end(void)
{
	char text[2 * JSON_DEPTH + 8] = "";
	struct json_at root;

	memset(text, '[', JSON_DEPTH);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	CHECK_INT(load(text, &root), 0);
	memset(text, '[', JSON_DEPTH + 1);
	CHECK_INT(load(text, &root), -EINVAL);
	CHECK_STR(err.text,
		  "t: line 1, column 65: nested deeper than 64 levels");
}

static void size_has_an_end(void)
{
	char *text = calloc(1, JSON_SIZE + 1);
	struct json_at root;

	CHECK(text);
	memset(text, ' ', JSON_SIZE + 1);
	CHECK_INT(json_load("t", text, JSON_SIZE + 1, &arena, &root, &err),
		  -EINVAL);
	CHECK_STR(err.text, "t: larger than 16 MiB");
	free(text);
}

static void quoted_text_is_harmless(void)
{
	CHECK_STR(JSON_QUOTE("a\"b\\c"), "\"a\\\"b\\\\c\"");
	CHECK_STR(JSON_QUOTE("\033[31m\x7f\r"), "\"\\u001b[31m\\u007f\\u000d\"");
	CHECK_STR(JSON_QUOTE("\xc2\x9b\xe2\x82\xac\xff"),
		  "\"\\u00c2\\u009b\xe2\x82\xac\\u00ff\"");
	CHECK_STR(JSON_QUOTE("0123456789012345678901234567890123456789"
			     "01234567890123456789xyz"),
		  "\"0123456789012345678901234567890123456789"
		  "01234567890123456789...\"");
}

int main(void)
{
	arena_init(&arena);
	TEST(faults_are_found_where_they_are);
	TEST(a_nul_does_not_end_the_text);
	TEST(strings_are_decoded);
	TEST(integers_are_exact);
	TEST(errors_name_the_path);
	TEST(null_is_absent);
	TEST(many_names_are_compared);
	TEST(depth_has_an_end);
	TEST(size_has_an_end);
	TEST(quoted_text_is_harmless);
	arena_done(&arena);
	return tap_end();
}
