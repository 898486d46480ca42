/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull/app.h - one call of the people's command: what its parts share. */
#pragma once

#include "base/arena.h"
#include "conf/conf.h"
#include "host/host.h"
#include "prog/front/option.h"

#include <stdio.h>

struct err;

struct app {
	struct arena arena; /* everything of this call; the exit frees it */
	struct host host;
	void (*warn)(void *arg, const char *text);
};

/* What `run` and `explain -- CMD` are asked for. */
struct box_opts {
	const char *net, *hostname, *seccomp, *workdir;
	struct option_list env, binds;
	struct option_num memory, pids;
	bool quiet, plan;
	const char *oci; /* explain: a config.json */
};

/* The configuration of a container on the host's own root file system. */
int box_conf(struct app *app, const struct box_opts *o, int argc, char **argv,
	     struct conf *c, struct err *e);

/* A line a part: off, own or shared, and why. With `plan` the steps, too. */
int explain(struct app *app, const struct conf *c, bool plan, FILE *out,
	    struct err *e);

/* To standard error. */
void hull_warn(void *arg, const char *text);

int cmd_run(void *app, const void *opts, int argc, char **argv, struct err *e);
int cmd_explain(void *app, const void *opts, int argc, char **argv, struct err *e);
