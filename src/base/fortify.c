/* SPDX-License-Identifier: Apache-2.0 */
/* base/fortify.c - what Debian's libjansson.a wants of a C library.
 *
 * It was compiled against glibc with _FORTIFY_SOURCE, so it calls three checked
 * functions that musl does not have. Here they check, too. Interface: Linux
 * Standard Base Core, "Interfaces for libc". Only in the build with musl. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __vsnprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt,
		    va_list ap);
int __snprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt,
		   ...);
char *__strncpy_chk(char *to, const char *from, size_t n, size_t room);

int __vsnprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt,
		    va_list ap)
{
	(void)flag;
	if (room < n)
		abort();
	return vsnprintf(s, n, fmt, ap);
}

int __snprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt,
		   ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vsnprintf_chk(s, n, flag, room, fmt, ap);
	va_end(ap);
	return r;
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t room)
{
	if (room < n)
		abort();
	return strncpy(to, from, n);
}
