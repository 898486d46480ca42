/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/rdt-priv.h - the directories of resctrl.
 *
 * root_fd is the mounted file system, or a made-up tree in a test, where
 * make() puts the files into a new directory that the kernel would put there. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct conf_intel_rdt;
struct err;

struct rdt_tree {
	int root_fd;
	int (*make)(int root_fd, const char *name); /* as mkdirat(): -errno */
};

/* The class: made when it is not there and may be made, its schemata written;
 * or, when it is there, compared. *ret_made: to be removed when more fails. */
int rdt_class(const struct rdt_tree *t, const char *name,
	      const struct conf_intel_rdt *rdt, bool *ret_made, struct err *e);
/* Writes schemata of a class that is there: what they name changes, the rest stays. */
int rdt_change(const struct rdt_tree *t, const char *name,
	       const struct conf_intel_rdt *rdt, struct err *e);
int rdt_monitor(const struct rdt_tree *t, const char *name, bool *ret_made,
		struct err *e);
/* Puts a process into a class or a monitored group. */
int rdt_add_task(const struct rdt_tree *t, const char *name, pid_t pid,
		 struct err *e);
