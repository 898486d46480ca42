/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.c - one error, made where it happens, explained on the way up. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* An error is one line, and no terminal that shows it obeys what a stranger put
 * into a name. */
static void make_harmless(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1 */
			p[0] = p[1] = '?';
	}
}

/* The shared half of err_set() and err_input(). */
static void start(struct err *e, int code, const char *fmt, va_list ap)
{
	e->code = code;
	e->is_input = 0;
	e->hint[0] = '\0';
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	make_harmless(e->text);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	if (!e)
		return code;
	va_start(ap, fmt);
	start(e, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_input(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EINVAL;
	va_start(ap, fmt);
	start(e, -EINVAL, fmt, ap);
	va_end(ap);
	e->is_input = 1;
	return -EINVAL;
}

int err_plain(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	if (!e)
		return code;
	va_start(ap, fmt);
	start(e, code, fmt, ap);
	va_end(ap);
	e->is_input = 1;
	return code;
}

/* When the text is full the new context is dropped, never the origin: the
 * innermost words are the ones that name the cause. */
int err_ctx(struct err *e, int code, const char *fmt, ...)
{
	char front[ERR_TEXT];
	size_t n, have;
	va_list ap;

	assert(code < 0);
	if (!e)
		return code;

	va_start(ap, fmt);
	vsnprintf(front, sizeof(front) - 2, fmt, ap);
	va_end(ap);
	make_harmless(front);
	n = strlen(front);
	memcpy(front + n, ": ", 3);
	n += 2;

	have = strlen(e->text);
	if (n + have < sizeof(e->text)) {
		memmove(e->text + n, e->text, have + 1);
		memcpy(e->text, front, n);
	}
	return code;
}

int err_hint(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	if (!e)
		return code;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	make_harmless(e->hint);
	return code;
}

void err_line(const struct err *e, char *line, unsigned long n)
{
	if (e->is_input || e->code == 0)
		snprintf(line, n, "%s", e->text);
	else
		snprintf(line, n, "%s: %s", e->text, strerror(-e->code));
}
