/* SPDX-License-Identifier: Apache-2.0 */
/* conf/check-priv.h - the larger checks of conf/check.c. */
#pragma once

struct conf;
struct err;

/* Id maps, and that the process's ids are in them. */
int check_ids(const struct conf *c, struct err *e);
/* Where the cgroup is, and limits that contradict each other. */
int check_cgroup(const struct conf *c, struct err *e);
int check_sysctls(const struct conf *c, struct err *e);
