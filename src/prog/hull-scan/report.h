/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/report.h - what hull-scan prints. */
#pragma once

#include "scan/family.h"

#include <stdbool.h>
#include <stdio.h>

/* The forms, for help and checking. */
#define REPORT_FORMATS "names|numbers|table|oci|systemd|bpf|c"

/* "bpf" is the array of struct sock_filter as it stands in memory. */
int report_print(const struct family *f, const char *format, bool with_startup, FILE *out,
		 struct err *e);
/* The open questions, one a line; returns how many. */
size_t report_questions(const struct family *f, FILE *out);
/* The shortest chain from an entry point to the call. */
void report_why(struct scan *s, unsigned number, FILE *out);

/* trace.c: the command `trace`. */
struct trace_options {
	const char *format, *output;
};
int run_trace(void *ctx, const void *opts, int argc, char **argv, struct err *e);

/* exec.c: the file that a shell would run for a name; in the arena. */
const char *exec_find(const char *name, struct arena *a);
/* Installs the program's filter and becomes the program; returns on failure. */
int exec_program(const struct family *f, const char *mode, const char *path, char **argv,
		 struct err *e);
