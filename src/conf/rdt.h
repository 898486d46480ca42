/* SPDX-License-Identifier: Apache-2.0 */
/* conf/rdt.h - where a container's directories in resctrl are. */
#pragma once

#include <stddef.h>

struct arena;
struct conf;

#define RDT_ROOT "/sys/fs/resctrl"

/* Names below RDT_ROOT: the class of service, "." for the default one; the
 * group that is monitored, NULL when it is not asked for. NULL when memory is
 * out. */
const char *conf_rdt_class(const struct conf *c);
const char *conf_rdt_monitor(const struct conf *c, struct arena *a);

/* The directory that goes with the container: its own class, or its monitored
 * group in a class that others may share; "" when there is none. */
const char *conf_rdt_own(const struct conf *c, struct arena *a);
