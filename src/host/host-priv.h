/* SPDX-License-Identifier: Apache-2.0 */
/* host/host-priv.h - the parts of host_probe(). */
#pragma once

#include "host/host.h"

/* Where the cgroup hierarchies are mounted, and where in them the caller is. */
int host_probe_cgroups(struct host *h, struct arena *a, struct err *e);
