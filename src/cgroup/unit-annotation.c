/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit-annotation.c - org.systemd.property.NAME: any property of the unit.
 *
 * As runc documents it ("Auxiliary properties"): the value is in GVariant's
 * text form (docs.gtk.org/glib/gvariant-text.html), of which this reads
 * booleans, numbers, strings, arrays and tuples, with "uint64" or "@a(ss)" in
 * front where the type has to be said. A name that ends in Sec, as in the
 * manual pages, is a number of seconds: D-Bus has the same with USec.
 *
 * What makes the scope this container's is not to be changed that way. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, SIG_MAX = 64 };

/* A value being read, and what was read of it. */
struct reader {
	const char *p;
	struct arena *a;
	int depth;
};
struct value {
	char sig[SIG_MAX];
	struct request words;
};

static int read_value(struct reader *in, const char *hint, struct value *v);

/* Length of the first complete type of a signature; 0 when there is none. */
static size_t type_len(const char *sig)
{
	size_t n = 0;

	while (sig[n] == 'a')
		n++;
	if (sig[n] && strchr("ybnqiuxtdsog", sig[n]))
		return n + 1;
	if (sig[n] != '(')
		return 0;
	for (n++; sig[n] && sig[n] != ')';) {
		size_t one = type_len(sig + n);

		if (one == 0)
			return 0;
		n += one;
	}
	return sig[n] ? n + 1 : 0;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct reader *in)
{
	in->p += strspn(in->p, " \t");
}

static int read_bool(struct reader *in, const char *hint, bool on,
		     struct value *v)
{
	(void)in;
	if (hint && strcmp(hint, "b") != 0)
		return -EINVAL;
	snprintf(v->sig, SIG_MAX, "b");
	request_add(&v->words, " %d", on);
	return 0;
}

/* "true", or the name of the type of what follows. */
static int read_word(struct reader *in, const char *hint, struct value *v)
{
	static const struct {
		const char *word, *sig;
	} types[] = {
		{ "boolean", "b" }, { "byte", "y" },	   { "int16", "n" },
		{ "uint16", "q" },  { "int32", "i" },	   { "uint32", "u" },
		{ "int64", "x" },   { "uint64", "t" },	   { "double", "d" },
		{ "string", "s" },  { "objectpath", "o" }, { "signature", "g" },
	};
	size_t n = 0;

	while (is_letter(in->p[n]) || (n && in->p[n] >= '0' && in->p[n] <= '9'))
		n++;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (n != strlen(types[i].word) ||
		    strncmp(in->p, types[i].word, n) != 0)
			continue;
		in->p += n;
		if (hint && strcmp(hint, types[i].sig) != 0)
			return -EINVAL;
		return read_value(in, types[i].sig, v);
	}
	if ((n == 4 && strncmp(in->p, "true", 4) == 0) ||
	    (n == 5 && strncmp(in->p, "false", 5) == 0)) {
		in->p += n;
		return read_bool(in, hint, n == 4, v);
	}
	return -EINVAL;
}

/* "@a(ss) [...]" */
static int read_signature(struct reader *in, const char *hint, struct value *v)
{
	char sig[SIG_MAX];
	size_t n = type_len(++in->p);

	if (n == 0 || n >= SIG_MAX || (in->p[n] != ' ' && in->p[n] != '\t'))
		return -EINVAL;
	memcpy(sig, in->p, n);
	sig[n] = '\0';
	if (hint && strcmp(hint, sig) != 0)
		return -EINVAL;
	in->p += n;
	return read_value(in, sig, v);
}

static int read_string(struct reader *in, const char *hint, struct value *v)
{
	char quote = *in->p++, *text = arena_alloc(in->a, strlen(in->p) + 1);
	size_t n = 0;

	if (hint && (!strchr("sog", hint[0]) || hint[1]))
		return -EINVAL;
	for (; text && *in->p && *in->p != quote; in->p++) {
		if (*in->p != '\\') {
			text[n++] = *in->p;
			continue;
		}
		in->p++;
		if (*in->p == 'n')
			text[n++] = '\n';
		else if (*in->p == 't')
			text[n++] = '\t';
		else if (*in->p == '\\' || *in->p == '"' || *in->p == '\'')
			text[n++] = *in->p;
		else
			return -EINVAL;
	}
	if (!text || *in->p != quote)
		return -EINVAL;
	in->p++;
	snprintf(v->sig, SIG_MAX, "%c", hint ? hint[0] : 's');
	request_word(&v->words, text);
	return 0;
}

/* Does a whole number fit into a D-Bus type? */
static bool fits(const char *text, char type)
{
	static const struct {
		char type;
		bool is_signed;
		uint64_t max;
	} rows[] = {
		{ 'y', false, UINT8_MAX },  { 'n', true, INT16_MAX },
		{ 'q', false, UINT16_MAX }, { 'i', true, INT32_MAX },
		{ 'u', false, UINT32_MAX }, { 'x', true, INT64_MAX },
		{ 't', false, UINT64_MAX },
	};
	uint64_t u;
	int64_t i;

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		if (rows[k].type != type)
			continue;
		if (!rows[k].is_signed)
			return num_u64(text, rows[k].max, &u) == 0;
		return num_i64(text, &i) == 0 && i <= (int64_t)rows[k].max &&
		       i >= -(int64_t)rows[k].max - 1;
	}
	return false;
}

static bool is_double(const char *text)
{
	char *end;

	(void)strtod(text, &end);
	return *text && !*end;
}

static int read_number(struct reader *in, const char *hint, struct value *v)
{
	size_t n = strspn(in->p, "0123456789+-.eE");
	char text[40], type;

	if (n == 0 || n >= sizeof(text) || (hint && hint[1]))
		return -EINVAL;
	memcpy(text, in->p, n);
	text[n] = '\0';
	in->p += n;
	type = hint ? hint[0] : strpbrk(text, ".eE") ? 'd' : 'i';
	if (type == 'd' ? !is_double(text) : !fits(text, type))
		return -ERANGE;
	snprintf(v->sig, SIG_MAX, "%c", type);
	request_add(&v->words, " %s", text);
	return 0;
}

static int read_array(struct reader *in, const char *hint, struct value *v)
{
	struct value one, all = { .words = { .a = in->a } };
	char sig[SIG_MAX] = "";
	size_t n = 0;

	if (hint && hint[0] != 'a')
		return -EINVAL;
	if (hint)
		snprintf(sig, sizeof(sig), "%s", hint + 1);
	for (in->p++, skip_blanks(in); *in->p != ']';) {
		one = (struct value){ .words = { .a = in->a } };
		if (read_value(in, *sig ? sig : NULL, &one) < 0)
			return -EINVAL;
		snprintf(sig, sizeof(sig), "%s", one.sig);
		request_add(&all.words, "%s", one.words.text);
		n++;
		skip_blanks(in);
		if (*in->p != ',')
			break;
		in->p++;
		skip_blanks(in);
	}
	if (*in->p != ']' || !*sig || strlen(sig) + 2 > SIG_MAX)
		return -EINVAL;
	in->p++;
	snprintf(v->sig, SIG_MAX, "a%.*s", SIG_MAX - 2, sig);
	request_add(&v->words, " %zu%s", n, n ? all.words.text : "");
	return 0;
}

static int read_tuple(struct reader *in, const char *hint, struct value *v)
{
	size_t at = 1;

	if (hint && hint[0] != '(')
		return -EINVAL;
	snprintf(v->sig, SIG_MAX, "(");
	for (in->p++, skip_blanks(in); *in->p != ')';) {
		struct value one = { .words = { .a = in->a } };
		char sig[SIG_MAX] = "";

		if (hint)
			snprintf(sig, sizeof(sig), "%.*s",
				 (int)type_len(hint + at), hint + at);
		if ((hint && !*sig) ||
		    read_value(in, hint ? sig : NULL, &one) < 0 ||
		    strlen(v->sig) + strlen(one.sig) + 2 > SIG_MAX)
			return -EINVAL;
		at += strlen(one.sig);
		strncat(v->sig, one.sig, SIG_MAX - strlen(v->sig) - 1);
		request_add(&v->words, "%s", one.words.text);
		skip_blanks(in);
		if (*in->p != ',')
			break;
		in->p++;
		skip_blanks(in);
	}
	if (*in->p != ')' || (hint && hint[at] != ')') || v->sig[1] == '\0')
		return -EINVAL;
	in->p++;
	strncat(v->sig, ")", SIG_MAX - strlen(v->sig) - 1);
	return 0;
}

/* hint: the type it has to be of, a complete one; NULL when nobody said. */
static int read_value(struct reader *in, const char *hint, struct value *v)
{
	int r;

	if (in->depth++ == DEPTH_MAX)
		return -E2BIG;
	skip_blanks(in);
	if (*in->p == '@')
		r = read_signature(in, hint, v);
	else if (is_letter(*in->p))
		r = read_word(in, hint, v);
	else if (*in->p == '\'' || *in->p == '"')
		r = read_string(in, hint, v);
	else if (*in->p == '[')
		r = read_array(in, hint, v);
	else if (*in->p == '(')
		r = read_tuple(in, hint, v);
	else
		r = read_number(in, hint, v);
	in->depth--;
	return r;
}

static bool is_ours(const char *name)
{
	static const char *const names[] = {
		"DefaultDependencies", "Delegate", "PIDFDs", "PIDs", "Slice",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* TimeoutStopSec 5 is TimeoutStopUSec 5000000. */
static int seconds(char *name, size_t len, struct value *v)
{
	uint64_t s;

	if (len < 4 || strcmp(name + len - 3, "Sec") != 0 ||
	    name[len - 4] == 'U')
		return 0;
	if (v->sig[1] || !strchr("ynqiuxt", v->sig[0]) ||
	    num_u64(v->words.text + 1, UINT64_MAX / 1000000, &s) < 0)
		return -EINVAL;
	memcpy(name + len - 3, "USec", sizeof("USec"));
	snprintf(v->sig, SIG_MAX, "t");
	v->words.len = 0;
	request_add(&v->words, " %" PRIu64, s * 1000000);
	return 0;
}

int unit_annotation(struct request *q, const struct conf_pair *annotation,
		    struct err *e)
{
	static const char prefix[] = "org.systemd.property.";
	struct reader in = { .p = annotation->value, .a = q->a };
	struct value v = { .words = { .a = q->a } };
	size_t len;
	char name[72];
	int r;

	if (strncmp(annotation->key, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	len = (size_t)snprintf(name, sizeof(name), "%.64s",
			       annotation->key + sizeof(prefix) - 1);
	for (size_t i = 0; i < len; i++)
		if (!is_letter(name[i]))
			len = 0;
	if (len < 3 || annotation->key[sizeof(prefix) - 1 + len])
		return err_input(e, "annotations: %.100s does not end in the name "
				    "of a property",
				 annotation->key);
	if (is_ours(name))
		return err_input(e, "annotations: %.100s: the runtime sets this "
				    "property itself",
				 annotation->key);
	r = read_value(&in, NULL, &v);
	skip_blanks(&in);
	if (r == 0 && !*in.p)
		r = seconds(name, len, &v);
	if (r < 0 || *in.p) {
		err_input(e, "annotations: %.100s: \"%.100s\" is no value in "
			     "GVariant's text form",
			  annotation->key, annotation->value);
		return err_hint(e, -EINVAL,
				"as in: true, uint64 5, 'text', ['a', 'b']");
	}
	request_add(q, "property %s %s%s\n", name, v.sig, v.words.text);
	return 0;
}
