/* SPDX-License-Identifier: Apache-2.0 */
/* oci/config.h - config.json of the OCI runtime specification to struct conf.
 *
 * Reads all of runtime-spec 1.3.0 for Linux. Words it does not know as values
 * are errors; properties it does not know are ignored, as the specification
 * demands. Faults are one line with the JSON path, made by err_input(). What a
 * configuration means as a whole is for conf_check() to judge. */
#pragma once

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

struct oci_read {
	const char *name;   /* of the text in errors: "config.json" */
	const char *bundle; /* absolute; relative bind sources are below it */
	bool open_ns;	    /* open the paths of namespaces to be joined */
	/* What is no failure: unknown capabilities, deprecated ways; NULL: not
	 * told. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;
};

/* Fills *c, which conf_init() has emptied, from n bytes. All of it lives in
 * the conf's arena, but the fds of namespaces: oci_config_close(). On failure
 * nothing stays open. new_keyring is set. */
int oci_config_read(const char *text, size_t n, const struct oci_read *o,
		    struct conf *c, struct err *e);
void oci_config_close(struct conf *c);

/* The `process` object alone, as `exec --process` has it in a file; defaults
 * are not merged in. */
int oci_process_read(const char *text, size_t n, const struct oci_read *o,
		     struct arena *a, struct conf_process *p, struct err *e);

/* The `linux.resources` object alone, as `update --resources` has it. */
int oci_resources_read(const char *text, size_t n, const struct oci_read *o,
		       struct arena *a, struct conf_resources *res,
		       struct err *e);

/* An array of mounts, or an object with a member "mounts", as `mounts add` has
 * it. */
int oci_mounts_read(const char *text, size_t n, const struct oci_read *o,
		    struct arena *a, const struct conf_mount **ret_mounts,
		    size_t *ret_n, struct err *e);

/* The `linux.seccomp` object alone, as hull-scan prints it. */
struct filter_policy;
int oci_seccomp_read(const char *text, size_t n, const struct oci_read *o,
		     struct arena *a, struct filter_policy *p, struct err *e);
