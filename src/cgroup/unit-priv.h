/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit-priv.h - the parts of a scope: its names, its properties. */
#pragma once

#include "cgroup/unit.h"

/* Unit name and path for cgroupsPath "slice:prefix:name", or NULL. Pure. */
int unit_names(const struct conf_cgroup *cc, const char *id,
		const struct host *h, struct arena *a, const char **ret_unit,
		const char **ret_path, struct err *e);
/* "a-b.slice" to "/a.slice/a-b.slice", "-.slice" to "". */
int unit_expand(const char *slice, struct arena *a, const char **ret_path,
		 struct err *e);
/* Length of the part of g->path that is the scope's own directory. */
size_t unit_dir_len(const struct cgroup *g);

/* Text that grows in an arena; once it could not, it stays as it was. */
struct request {
	struct arena *a;
	char *text;
	size_t len, cap;
	bool is_short; /* of memory */
};
void request_add(struct request *q, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A string as a word. */
void request_word(struct request *q, const char *s);
/* The lines of the limits. */
int unit_properties(struct request *q, const struct cgroup *g,
		     const struct conf_resources *res, struct err *e);
/* DevicePolicy and DeviceAllow: at least what the rules allow. */
void unit_devices(struct request *q, const struct conf_dev_rule *rules,
		   size_t n);
/* The line of an annotation org.systemd.property.NAME. */
int unit_annotation(struct request *q, const struct conf_pair *annotation,
		     struct err *e);
