/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/create.h - a bundle as create, run and restore take it. */
#pragma once

#include "prog/hull-oci/app.h"
#include "run/container.h"

struct bundle {
	const char *path; /* absolute, without symlinks */
	const char *text; /* of config.json */
	size_t len;
	struct conf conf;
	struct container_opts opts; /* after bundle_options() */
};

/* Reads the bundle that --bundle and --config name. */
int bundle_open(struct app *app, const char *id, const struct create_opts *o,
		struct bundle *b, struct err *e);
/* Puts the options into the configuration, checks the whole, fills b->opts but
 * for its state_root_fd. Probes the host. */
int bundle_options(struct app *app, const struct create_opts *o,
		   struct bundle *b, struct err *e);
/* Deletes the container of that init, killing it when it still runs. */
int bundle_clean_up(struct app *app, const struct bundle *b, pid_t pid,
		    struct err *e);
/* Adds the sockets that LISTEN_FDS hands to us (sd_listen_fds(3)) to *n_fds and
 * tells the process by its environment. */
int listen_fds(struct arena *a, struct conf_process *p, unsigned *n_fds,
	       struct err *e);
