/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/json-out.h"

#include "base/arena.h"
#include "base/err.h"
#include "parse/json.h"
#include "tap.h"

static void write_some(struct json_out *o)
{
	static const char *const words[] = { "a", "b" };

	json_out_object(o, NULL);
	json_out_string(o, "s", "x");
	json_out_int(o, "i", INT64_MIN);
	json_out_uint(o, "u", UINT64_MAX);
	json_out_bool(o, "t", true);
	json_out_array(o, "empty");
	json_out_end(o);
	json_out_object(o, "o");
	json_out_end(o);
	json_out_strings(o, "words", words, 2);
	json_out_array(o, "deep");
	json_out_object(o, NULL);
	json_out_bool(o, "f", false);
	json_out_end(o);
	json_out_end(o);
	json_out_end(o);
}

static void on_one_line(void)
{
	struct json_out o;

	json_out_init(&o, NULL);
	write_some(&o);
	CHECK_STR(json_out_text(&o),
		  "{\"s\":\"x\",\"i\":-9223372036854775808,"
		  "\"u\":18446744073709551615,\"t\":true,\"empty\":[],\"o\":{},"
		  "\"words\":[\"a\",\"b\"],\"deep\":[{\"f\":false}]}");
	json_out_done(&o);
}

static void indented(void)
{
	struct json_out o;

	json_out_init(&o, "\t");
	write_some(&o);
	CHECK_STR(json_out_text(&o),
		  "{\n\t\"s\": \"x\",\n\t\"i\": -9223372036854775808,\n"
		  "\t\"u\": 18446744073709551615,\n\t\"t\": true,\n"
		  "\t\"empty\": [],\n\t\"o\": {},\n"
		  "\t\"words\": [\n\t\t\"a\",\n\t\t\"b\"\n\t],\n"
		  "\t\"deep\": [\n\t\t{\n\t\t\t\"f\": false\n\t\t}\n\t]\n}");
	json_out_done(&o);
}

/* What is written reads back as it was, but for bytes that are no text. */
static void strings_come_back(void)
{
	static const char s[] = "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xe2\x82"
				"\xac\xf0\x9f\x98\x80";
	struct json_at root, at;
	struct json_out o;
	struct arena a;
	const char *text;
	struct err e;

	arena_init(&a);
	json_out_init(&o, NULL);
	json_out_array(&o, NULL);
	json_out_string(&o, NULL, s);
	json_out_string(&o, NULL, "x\xff\xe2\x82y");
	json_out_end(&o);
	text = json_out_text(&o);
	CHECK_INT(json_load("t", text, strlen(text), &a, &root, &e), 0);
	at = json_first(&root);
	CHECK_STR(at.v->text, s);
	json_next(&at);
	CHECK_STR(at.v->text, "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy");
	json_out_done(&o);
	arena_done(&a);
}

static void nothing_is_an_empty_text(void)
{
	struct json_out o;

	json_out_init(&o, NULL);
	CHECK_STR(json_out_text(&o), "");
	json_out_done(&o);
}

int main(void)
{
	TEST(on_one_line);
	TEST(indented);
	TEST(strings_come_back);
	TEST(nothing_is_an_empty_text);
	return tap_end();
}
