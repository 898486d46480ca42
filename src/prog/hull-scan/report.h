/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/report.h - what hull-scan prints. */
#pragma once

#include "scan/family.h"
#include "scan/policy.h"

#include <stdbool.h>
#include <stdio.h>

/* The forms, for help and checking. */
#define REPORT_FORMATS "names|numbers|table|oci|bpf|c|systemd|spo|html"

/* "bpf" is the array of struct sock_filter as it stands in memory. */
int report_print(const struct family *f, const char *format, const struct policy_options *o,
		 FILE *out, struct err *e);
/* The name of a call; NULL: Linux has none of that number. */
const char *report_name(const struct family *f, unsigned number);
/* One format a file. */
int format_oci(const struct family *f, const struct policy_options *o, FILE *out, struct err *e);
int format_bpf(const struct family *f, const struct policy_options *o, FILE *out, struct err *e);
int format_c(const struct family *f, const struct policy_options *o, FILE *out, struct err *e);
int format_systemd(const struct family *f, const struct policy_options *o, FILE *out,
		   struct err *e);
int format_spo(const struct family *f, const struct policy_options *o, FILE *out, struct err *e);
int format_html(const struct family *f, const struct policy_options *o, FILE *out, struct err *e);
/* What is known of the arguments of a call, indented lines; nothing for calls
 * that have no argument rules. */
void report_arguments(const struct family *f, unsigned number, bool with_startup, FILE *out);
/* "AF_UNIX", "SOL_SOCKET/SO_ERROR", or numbers. */
void report_value(const struct arg_row *row, const struct arg_value *v, char *buf, size_t size);
/* The open questions, one a line; returns how many. */
size_t report_questions(const struct family *f, FILE *out);
/* The shortest chain from an entry point to the call. */
void report_why(struct scan *s, unsigned number, FILE *out);
/* The same for a value of its argument ("AF_NETLINK", "SOL_SOCKET/SO_DEBUG"), for
 * every place that makes it or may do so. Returns how many. */
int report_why_value(const struct family *f, unsigned number, const char *text, FILE *out,
		     struct err *e);

/* Where an argument got lost, with the chain to there. */
void report_loss(struct scan *s, const struct arg_loss *l, FILE *out);

/* Exit statuses of `diff`. */
enum { REPORT_NEW = 3, REPORT_SENSITIVE = 4 };
/* What the new program can do that the old one cannot: 0 (nothing) or one of the
 * statuses. */
int report_diff(const struct family *old, const struct family *new, bool with_startup,
		bool is_json, FILE *out, struct err *e);

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

/* note.c: the command `note`, and warnings about notes that do not fit. */
int run_note(void *ctx, const void *opts, int argc, char **argv, struct err *e);
void report_stale(const struct family *f, FILE *out);
