/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-systemd/bus.h - a request, done: D-Bus calls to systemd.
 *
 * Interfaces: org.freedesktop.systemd1(5). */
#pragma once

struct err;
struct request;

/* Does it and gives the unit's cgroup ("" but for start), to free(). */
int bus_do(struct request *q, char **ret_path, struct err *e);
