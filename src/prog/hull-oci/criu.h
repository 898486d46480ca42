/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/criu.h - criu's command line, built and run. */
#pragma once

#include "prog/hull-oci/app.h"

struct conf;

/* argv under construction, in an arena. */
struct criu_args {
	struct arena *arena;
	const char *v[512];
	size_t n;
	bool is_full; /* memory or room is out: criu_run() says so */
};

/* Adds a word, printf-like. */
void criu_add(struct criu_args *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds what dump and restore share: options, logs, root, the mounts that come
 * from outside. */
void criu_add_common(struct criu_args *c, const struct criu_opts *o,
		     const char *log, const char *rootfs,
		     const struct conf *conf, bool is_restore);
/* Checks what only we can check (work-path, page-server...). */
int criu_check(const struct criu_opts *o, struct err *e);
/* Makes --work-path's directory when there is none: criu wants it there. */
int criu_work_dir(const struct criu_opts *o, struct err *e);
/* Runs criu to its end: 0, or an error that quotes the last line of its log.
 * `prepare` runs in the child before criu (it may only make system calls);
 * NULL: nothing. fds 3... to keep open are `keep`, in order from fd 10. */
int criu_run(struct app *app, struct criu_args *c, const char *log_path,
	     int (*prepare)(void *arg), void *arg, struct err *e);
