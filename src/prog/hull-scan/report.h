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
