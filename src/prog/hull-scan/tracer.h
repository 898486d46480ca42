/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/tracer.h - which system calls a command was seen to make. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* A program file and the calls that processes made while they ran it, sorted;
 * each is the audit architecture (high half) with the number. */
struct traced {
	char *path;
	uint64_t *calls;
	size_t n, room;
};

struct trace {
	struct traced *v; /* in the order in which they were first executed */
	size_t n, room;
};

void trace_done(struct trace *t);
/* Runs a command with all its threads and children to the end. *ret_status is
 * its exit status, 128 + N when signal N ended it. */
int trace_run(char *const *argv, struct trace *ret_t, int *ret_status, struct err *e);
