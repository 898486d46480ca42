/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit.h - a container's cgroup as a scope unit of systemd.
 *
 * Theory of operation
 * -------------------
 * With the systemd manager the cgroup belongs to a transient scope: systemd
 * makes the directory, puts the container's first process into it and keeps
 * the limits it knows, so that neither a reload nor another service takes them
 * away; Delegate= leaves the inside to us. What systemd does not know (huge
 * pages, throttled devices, v1 hierarchies without a unit's directory, ...) is
 * written by cgroup_limit() as on any other cgroup.
 *
 * D-Bus is spoken by the helper hull-systemd alone (src/prog/hull-systemd),
 * which is executed for one request and gives one answer. A request is text:
 *
 *   bus system|user
 *   verb start|set|stop|attach
 *   unit NAME
 *   pid NUMBER                          start, attach
 *   sub PATH                            attach: below the unit's cgroup
 *   property NAME SIGNATURE VALUE...    start, set; D-Bus types
 *   optional NAME SIGNATURE VALUE...    the same; left out if systemd is too
 *                                       old for it
 *
 * Values are words: numbers in decimal, an array's length in front of its
 * elements, strings with every byte but letters, digits and "_-./:@\\" as %XX
 * (the empty one is "%"). The answer is one line, "ok PATH" with the unit's
 * cgroup below the root of its hierarchy, or "error CODE TEXT" with a negative
 * errno. It is made of what config.json says, so the helper checks it again.
 *
 * The names follow runc's documentation ("systemd cgroup driver"), since the
 * engines write cgroupsPath for it. */
#pragma once

#include "cgroup/cgroup.h"

#include <sys/types.h>

/* The text of the request that starts the container's scope, but for the pid.
 * Pure. */
int unit_request(const struct cgroup *g, const struct conf *c,
		  struct arena *a, const char **ret_text, struct err *e);
/* Starts it around a process. *g is told when the cgroup is elsewhere than was
 * planned; its strings live in the arena. */
int unit_start(struct cgroup *g, const char *request, pid_t pid,
		struct arena *a, struct err *e);
/* Changes the limits that systemd knows. */
int unit_update(const struct cgroup *g, const struct conf_resources *res,
		 struct err *e);
/* Puts one more process into it: where only systemd may move it. */
int unit_attach(const struct cgroup *g, const char *sub, pid_t pid,
		 struct err *e);
/* Stops the unit and forgets its failure. That there is none is no error. */
int unit_stop(const struct cgroup *g, struct err *e);
/* Whether the helper is installed. */
bool unit_is_available(void);
