/* SPDX-License-Identifier: Apache-2.0 */
/* Our reader and jansson, side by side: mutations of real texts are accepted by
 * both or by neither, and mean the same. What they may differ in is known:
 * numbers that jansson cannot hold, how deep a text may be nested, and a NUL
 * byte behind a number, which jansson 2.14 takes for a blank. */
#include "parse/json.h"

#include "base/arena.h"
#include "base/err.h"
#include "tap.h"

/* Names that both have. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_REAL   JANSSON_REAL
#define JSON_TRUE   JANSSON_TRUE
#define JSON_FALSE  JANSSON_FALSE
#define JSON_NULL   JANSSON_NULL
#define json_string jansson_string
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_REAL
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL
#undef json_string
#include <stdint.h>
#include <stdlib.h>

enum { ROUNDS = 60000, TEXT_MAX = 4096 };

static const char *const seeds[] = {
	"{\"ociVersion\":\"1.0.0\",\"a\":[1,-2,3.5,1e3,true,false,null],\"b\":{"
	"}}",
	"[{\"k\":\"v\",\"esc\":\"\\\"\\\\\\/"
	"\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"},[],[[]],"
	"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",9223372036854775807,-0,0.0]",
	" {\n\t\"x\" : [ 1 , 2 ] ,\r\n \"y\" : { \"z\" : \"\" } }\n",
	"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,"
	"\"i\":9,"
	"\"j\":10,\"k\":11,\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":"
	"17,"
	"\"r\":18,\"s\":19,\"t\":20,\"u\":21,\"v\":22,\"w\":23,\"x\":24,\"y\":"
	"25,"
	"\"z\":26,\"aa\":27,\"ab\":28,\"ac\":29,\"ad\":30,\"ae\":31,\"af\":32,"
	"\"ag\":33,\"ah\":34}",
};

static uint64_t state = 88172645463325252ULL;

static size_t pick(size_t n) /* xorshift64 */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

static size_t mutate(char *text, size_t n)
{
	static const char bytes[] =
		"{}[]\",:\\ue0123456789-+.tfn \n\t\x01\x7f\xc3"
		"\xa9\xe2\xed\xa0\x80\xf0\xff";
	size_t at = pick(n), len = 1 + pick(8), to;

	switch (pick(4)) {
	case 0:
		text[at] = bytes[pick(sizeof(bytes))]; /* the NUL, too */
		return n;
	case 1: /* take away */
		len = len < n - at ? len : n - at - 1;
		memmove(text + at, text + at + len, n - at - len);
		return n - len;
	case 2: /* double a piece */
		len = len < n - at ? len : n - at;
		if (n + len > TEXT_MAX)
			return n;
		to = pick(n);
		memmove(text + to + len, text + to, n - to);
		memmove(text + to, text + at, len);
		return n + len;
	default:
		text[at] = (char)(text[at] ^ 1 << pick(8));
		return n;
	}
}

static bool has_odd_number(const struct json_value *v)
{
	if (v->type == JSON_REAL ||
	    (v->type == JSON_UINT && v->number > INT64_MAX))
		return true;
	if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		for (const struct json_value *m = v->first; m; m = m->next)
			if (has_odd_number(m))
				return true;
	return false;
}

/* jansson's own json_is_...() would compare with our enumerators here. */
static bool is_a(const json_t *j, json_type type)
{
	return j && j->type == type;
}

static bool is_same(const struct json_value *v, json_t *j)
{
	size_t i = 0;

	switch (v->type) {
	case JSON_NULL:
		return is_a(j, JANSSON_NULL);
	case JSON_TRUE:
		return is_a(j, JANSSON_TRUE);
	case JSON_FALSE:
		return is_a(j, JANSSON_FALSE);
	case JSON_UINT:
	case JSON_NEGINT:
		return is_a(j, JSON_INTEGER) &&
		       json_integer_value(j) == (json_int_t)v->number;
	case JSON_REAL:
		return is_a(j, JANSSON_REAL);
	case JSON_STRING:
		return is_a(j, JANSSON_STRING) &&
		       json_string_length(j) == v->n &&
		       memcmp(json_string_value(j), v->text, v->n + 1) == 0;
	case JSON_ARRAY:
		if (!is_a(j, JANSSON_ARRAY) || json_array_size(j) != v->n)
			return false;
		for (const struct json_value *m = v->first; m; m = m->next)
			if (!is_same(m, json_array_get(j, i++)))
				return false;
		return true;
	default:
		if (!is_a(j, JANSSON_OBJECT) || json_object_size(j) != v->n)
			return false;
		for (const struct json_value *m = v->first; m; m = m->next)
			if (!is_same(m, json_object_get(j, m->key)))
				return false;
		return true;
	}
}

static int accepted, refused;

/* NULL when both agree, else what they disagree in. */
static const char *compare(const char *text, size_t n)
{
	const char *what = NULL;
	struct json_at root;
	json_error_t why;
	struct arena a;
	struct err e = { 0 };
	json_t *j = json_loadb(text, n,
			       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	int ret;

	arena_init(&a);
	ret = json_load("t", text, n, &a, &root, &e);
	if (ret == 0 && j)
		what = is_same(root.v, j) ? NULL : "meaning";
	else if (ret == 0 && !has_odd_number(root.v))
		what = "only ours accepts it";
	else if (ret < 0 && j && !strstr(e.text, "nested deeper") &&
		 !memchr(text, '\0', n))
		what = "only jansson accepts it";
	*(ret == 0 ? &accepted : &refused) += 1;
	json_decref(j);
	arena_done(&a);
	return what;
}

static void mutations(void)
{
	char text[TEXT_MAX + 16];

	for (int round = 0; round < ROUNDS; round++) {
		const char *seed =
			seeds[pick(sizeof(seeds) / sizeof(seeds[0]))];
		size_t n = strlen(seed), times = pick(4);
		const char *what;

		memcpy(text, seed, n);
		while (times-- > 0 && n > 1)
			n = mutate(text, n);
		what = compare(text, n);
		if (what)
			fwrite(text, 1, n, stdout), printf("\n# %s\n", what);
		CHECK(!what);
	}
	printf("# %d accepted, %d refused\n", accepted, refused);
	CHECK(accepted > ROUNDS / 10 && refused > ROUNDS / 10);
}

int main(void)
{
	TEST(mutations);
	return tap_end();
}
