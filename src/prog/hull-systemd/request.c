/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-systemd/request.c - a request's text taken apart (cgroup/unit.h). */
#include "prog/hull-systemd/request.h"

#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"

#include <string.h>

char *request_next(char **p)
{
	char *word = *p + strspn(*p, " ");
	size_t n = strcspn(word, " ");

	if (n == 0)
		return NULL;
	*p = word + n;
	if (word[n])
		*(*p)++ = '\0';
	return word;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *request_unescape(char *word)
{
	char *out = word;

	if (!word || strcmp(word, "%") == 0)
		return word ? memset(word, 0, 1) : NULL;
	for (const char *p = word; *p; p++) {
		if (*p != '%') {
			*out++ = *p;
			continue;
		}
		if (hex(p[1]) < 0 || hex(p[2]) < 0 || !(hex(p[1]) | hex(p[2])))
			return NULL;
		*out++ = (char)(hex(p[1]) << 4 | hex(p[2]));
		p += 2;
	}
	*out = '\0';
	return word;
}

static bool read_verb(char *rest, struct request *q)
{
	static const char *const words[] = { "", "start", "set", "stop",
					     "attach" };

	q->verb = VERB_NONE;
	for (size_t i = 1; i < ARRAY_SIZE(words); i++)
		if (strcmp(rest, words[i]) == 0)
			q->verb = (enum verb)i;
	return q->verb != VERB_NONE;
}

static bool read_bus(char *rest, struct request *q)
{
	q->is_user = strcmp(rest, "user") == 0;
	return q->is_user || strcmp(rest, "system") == 0;
}

static bool read_unit(char *rest, struct request *q)
{
	size_t n;

	q->unit = request_unescape(rest);
	n = q->unit ? strlen(q->unit) : 0;
	return n > 6 && n < 256 && !strchr(q->unit, '/') &&
	       strcmp(q->unit + n - 6, ".scope") == 0;
}

static bool read_pid(char *rest, struct request *q)
{
	return num_u32(rest, &q->pid) == 0 && q->pid > 0 &&
	       q->pid <= INT32_MAX;
}

static bool read_sub(char *rest, struct request *q)
{
	q->sub = request_unescape(rest);
	return q->sub;
}

static bool add_property(char *rest, struct request *q, bool is_optional)
{
	struct property *p = &q->properties[q->n_properties];

	if (q->n_properties == PROPERTY_MAX)
		return false;
	p->name = request_next(&rest);
	p->signature = request_next(&rest);
	p->words = rest;
	p->is_optional = is_optional;
	q->n_properties++;
	return p->name && p->signature;
}

static bool read_property(char *rest, struct request *q)
{
	return add_property(rest, q, false);
}

static bool read_optional(char *rest, struct request *q)
{
	return add_property(rest, q, true);
}

int request_read(char *text, struct request *ret, struct err *e)
{
	static const struct {
		const char *word;
		bool (*read)(char *rest, struct request *q);
	} rows[] = {
		{ "bus", read_bus },	      { "verb", read_verb },
		{ "unit", read_unit },	      { "pid", read_pid },
		{ "sub", read_sub },	      { "property", read_property },
		{ "optional", read_optional },
	};
	char *line, *save = NULL;

	ret->sub = "";
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *rest = line + strcspn(line, " ");
		bool is_known = false;

		if (*rest)
			*rest++ = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(rows) && !is_known; i++)
			is_known = strcmp(line, rows[i].word) == 0 &&
				   rows[i].read(rest, ret);
		if (!is_known)
			return err_input(e, "request: %s %.80s", line, rest);
	}
	if (ret->verb == VERB_NONE || !ret->unit)
		return err_input(e, "request: no verb or no unit");
	if ((ret->verb == VERB_START || ret->verb == VERB_ATTACH) && !ret->pid)
		return err_input(e, "request: no process");
	return 0;
}
