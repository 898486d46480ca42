/* SPDX-License-Identifier: Apache-2.0 */
/* own/own.h - a container's filter made from the program that it runs.
 *
 * Theory of operation
 * -------------------
 * The entry point is looked up as the container will, inside its root, by
 * openat2(). A program that carries a note (or any, when it was asked for) is
 * analysed by hull-scan, a process of its own that has given up everything but
 * reading: the runtime itself looks at nothing of a file but its note, with a
 * reader of two pages (note/note.h), and takes in nothing but the policy that
 * comes back, as it takes in that of a config.json.
 *
 *  O1  The policy only ever narrows the profile in force: both are compiled
 *      into one program that gives the stricter answer.
 *  O2  The analysis sees the files that the container will see. Where a mount
 *      lies over one that it looked at, there is no own filter.
 *  O3  An answer out of the cache holds only while every file that was looked
 *      at is the same, and every one that was not there is not there. */
#pragma once

#include "conf/conf.h"

#include <stdbool.h>

struct err;

enum own_mode {
	OWN_OFF,
	OWN_NOTE, /* when it carries a note */
	OWN_SCAN, /* in any case; what cannot be had is an error */
};

struct own_request {
	enum own_mode mode;
	const char *root; /* the container's root, from the host */
	bool may_cache;   /* the root is the host's own */
	/* A note that could not be used is no failure. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;
};

/* Sets c->own when there is an own filter. */
int own_filter(const struct own_request *q, struct conf *c, struct err *e);
