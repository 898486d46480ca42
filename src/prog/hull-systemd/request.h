/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-systemd/request.h - what hull-oci asks for (cgroup/unit.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum verb { VERB_NONE, VERB_START, VERB_SET, VERB_STOP, VERB_ATTACH };

enum { PROPERTY_MAX = 256, REQUEST_MAX = 1 << 20 };

struct property {
	const char *name, *signature;
	char *words; /* the values, as they came */
	bool is_optional;
};

struct request {
	enum verb verb;
	bool is_user;
	uint32_t pid;     /* 0: none */
	const char *unit; /* NULL: none */
	const char *sub;  /* "": the unit's own cgroup */
	struct property properties[PROPERTY_MAX];
	size_t n_properties;
};

/* Takes the text apart, which is changed and borrowed from. */
int request_read(char *text, struct request *ret, struct err *e);
/* The next of the blank-separated words in *p, NULL at the end. */
char *request_next(char **p);
/* Turns %XX back into bytes, in place; NULL when it is none of our writing. */
char *request_unescape(char *word);
