/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/log.h - where errors, warnings and debug lines go.
 *
 * Errors and warnings go to standard error for people and, with --log, to the
 * log for engines: containerd and Podman read the last line whose level is
 * "error" from a file in JSON format. One write() a line, so that lines of
 * several processes do not mix. */
#pragma once

#include <stdbool.h>

struct err;

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log {
	int fd;          /* --log; -EBADF: none */
	bool is_json;    /* --log-format json */
	bool has_debug;  /* --debug */
	bool is_journal; /* fd is the journal's socket */
	const char *tag; /* syslog, journal: who we are; NULL: a file */
};

/* `to` as --log takes it: a path, or file:PATH, syslog:NAME, journald:NAME;
 * NULL: none. */
int log_open(struct log *l, const char *to, bool is_json, bool debug,
	     struct err *e);
/* A single line without its newline. */
void log_line(const struct log *l, enum log_level level, const char *text);
/* An error as it is shown once, with its hint. */
void log_err(const struct log *l, const struct err *e);
