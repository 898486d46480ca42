/* SPDX-License-Identifier: Apache-2.0 */
/* scan/answers.h - answers to the analysis' questions, from a hull-scan.toml.
 *
 *   exec = "none"                 # or [ "/bin/sh", ... ]
 *   dlopen = "none"               # or plugins = [ "/usr/lib/app/x.so", ... ]
 *   dlsym = "none"
 *   unknown = "deny"              # or "allow"
 *   [program.worker]              # only for programs whose file is called so;
 *   exec = [ "/usr/bin/convert" ] # goes before what stands at the top
 *
 * The same words as those of the command line (docs/man/hull-scan.1). */
#pragma once

#include "scan/scan.h"

struct arena;
struct err;

#define ANSWERS_NAME "hull-scan.toml"

/* Fills in what the options leave open. `program` is a path; its last part counts.
 * What the options point at lives in the arena. Every fault is an error with the
 * file and line, also in parts for other programs. */
int answers_read(const char *path, const char *program, struct arena *a,
		 struct scan_options *o, struct err *e);
