/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/log.c - where errors, warnings and debug lines go. */
#include "prog/hull-oci/log.h"

#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Six letters for one byte at most, and what stands around. */
enum { BODY_SIZE = 6 * (ERR_TEXT + ERR_HINT), LINE_SIZE = BODY_SIZE + 128 };

static const char *const level_names[] = { "debug", "warning", "error" };

static int open_socket(struct log *l, const char *path, const char *tag,
		       struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	l->tag = tag;
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return err_sys(e, "--log: make a socket");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (connect(l->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_sys(e, "--log: connect to %s", path);
	return 0;
}

int log_open(struct log *l, const char *to, bool is_json, bool debug,
	     struct err *e)
{
	*l = (struct log){ .fd = -EBADF, .is_json = is_json, .has_debug = debug };
	if (!to || !to[0] || strcmp(to, "/dev/stderr") == 0)
		return 0;
	if (strncmp(to, "journald:", 9) == 0) {
		l->is_journal = true;
		return open_socket(l, "/run/systemd/journal/socket", to + 9, e);
	}
	if (strncmp(to, "syslog:", 7) == 0)
		return open_socket(l, "/dev/log", to + 7, e);
	if (strncmp(to, "file:", 5) == 0)
		to += 5;
	l->fd = openat(AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return l->fd < 0 ? err_sys(e, "--log %s", to) : 0;
}

/* Length of the UTF-8 character at s, 0 when it is none (RFC 3629, 4). */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 :
		   s[0] >= 0xc2 && s[0] <= 0xdf ? 2 :
		   s[0] >= 0xe0 && s[0] <= 0xef ? 3 :
		   s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* The inside of a JSON string; what is no UTF-8 becomes U+FFFD. */
static void escape(const char *text, char *out, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	while (*s && at + 8 < size) {
		size_t n = utf8_length(s);

		if (n == 0)
			at += (size_t)snprintf(out + at, size - at, "\\ufffd");
		else if (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
			at += (size_t)snprintf(out + at, size - at, "\\u%04x", *s);
		else
			at += (size_t)snprintf(out + at, size - at, "%.*s", (int)n, s);
		s += n ? n : 1;
	}
	out[at] = '\0';
}

static void timestamp(char *text, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, size - n, ".%06ldZ", ts.tv_nsec / 1000);
}

/* The two formats of logrus, which are runc's. */
static void format(const struct log *l, enum log_level level, const char *text,
		   char *line, size_t size)
{
	char body[BODY_SIZE], when[40];

	escape(text, body, sizeof(body));
	timestamp(when, sizeof(when));
	if (l->is_json)
		snprintf(line, size, "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n",
			 level_names[level], body, when);
	else
		snprintf(line, size, "time=\"%s\" level=%s msg=\"%s\"\n", when,
			 level_names[level], body);
}

static void to_socket(const struct log *l, enum log_level level,
		      const char *text)
{
	static const int priorities[] = { 7, 4, 3 }; /* syslog(3) */
	char line[LINE_SIZE];
	int n;

	if (l->is_journal)
		n = snprintf(line, sizeof(line),
			     "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n",
			     priorities[level], l->tag, text);
	else
		n = snprintf(line, sizeof(line), "<%d>%s: %s",
			     3 << 3 | priorities[level], l->tag, text);
	if (n > 0 && (size_t)n < sizeof(line))
		(void)send(l->fd, line, (size_t)n, MSG_NOSIGNAL);
}

static void to_stderr(const struct log *l, enum log_level level,
		      const char *text)
{
	static const char *const words[] = { "debug: ", "warning: ", "" };
	char line[LINE_SIZE];

	if (l->is_json && l->fd < 0)
		format(l, level, text, line, sizeof(line));
	else
		snprintf(line, sizeof(line), "hull-oci: %s%s\n", words[level], text);
	(void)sys_write_all(STDERR_FILENO, line, strlen(line));
}

void log_line(const struct log *l, enum log_level level, const char *text)
{
	char line[LINE_SIZE];

	if (level == LOG_LEVEL_DEBUG && !l->has_debug)
		return;
	if (l->fd >= 0 && l->tag) {
		to_socket(l, level, text);
	} else if (l->fd >= 0) {
		format(l, level, text, line, sizeof(line));
		(void)sys_write_all(l->fd, line, strlen(line));
	}
	if (l->fd < 0 || level != LOG_LEVEL_DEBUG)
		to_stderr(l, level, text);
}

void log_err(const struct log *l, const struct err *e)
{
	char line[ERR_TEXT + ERR_HINT + 96];

	err_line(e, line, sizeof(line));
	log_line(l, LOG_LEVEL_ERROR, line);
	if (!e->hint[0] || (l->is_json && l->fd < 0))
		return;
	snprintf(line, sizeof(line), "hint: %s\n", e->hint);
	(void)sys_write_all(STDERR_FILENO, line, strlen(line));
}
