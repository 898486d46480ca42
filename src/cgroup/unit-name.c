/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit-name.c - the names of a container's scope, and where it is.
 *
 * cgroupsPath is "slice:prefix:name" as engines write it for runc: the unit is
 * prefix-name.scope in that slice. Without one it is hull-ID.scope in
 * system.slice, or for an ordinary user in user.slice of the user's own
 * manager. Dashes of a slice's name are its path (systemd.slice(5)).
 *
 * A user's manager is in a cgroup that only it knows. Until it has answered,
 * the usual place is taken for true: the record has to say something before
 * there is a scope. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* unit_name_is_valid() of systemd: letters, digits, ":-_.\" and a @. */
static bool is_unit_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr(":-_.\\@", c));
}

static bool is_unit_name(const char *s)
{
	size_t n = 0;

	while (is_unit_char(s[n]))
		n++;
	return !s[n] && n > 0 && n < 256;
}

static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static int bad_slice(const char *slice, struct err *e)
{
	err_input(e, "linux.cgroupsPath: \"%s\" is not the name of a slice",
		  slice);
	return err_hint(e, -EINVAL,
			"with the systemd manager it is slice:prefix:name, as "
			"in machine.slice:libpod:web");
}

int unit_expand(const char *slice, struct arena *a, const char **ret_path,
		 struct err *e)
{
	size_t n = strlen(slice) - (has_suffix(slice, ".slice") ? 6 : 0);
	char path[4096];
	size_t at = 0;

	if (strcmp(slice, "-.slice") == 0 || strcmp(slice, "-") == 0) {
		*ret_path = "";
		return 0;
	}
	if (!has_suffix(slice, ".slice") || !is_unit_name(slice) ||
	    slice[0] == '-' || n == 0 || slice[n - 1] == '-' ||
	    strstr(slice, "--"))
		return bad_slice(slice, e);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && slice[i] != '-')
			continue;
		at += (size_t)snprintf(path + at, sizeof(path) - at,
				       "/%.*s.slice", (int)i, slice);
		if (at >= sizeof(path))
			return bad_slice(slice, e);
	}
	*ret_path = arena_dup(a, path);
	return *ret_path ? 0 : err_set(e, -ENOMEM, "cgroup");
}

/* A container's id may have a '+', a unit's name may not: \x2b, as
 * systemd-escape(1) writes it. */
static const char *escape(const char *id, struct arena *a)
{
	char *text = arena_alloc(a, 4 * strlen(id) + 1), *out = text;

	for (; text && *id; id++)
		if (is_unit_char(*id) && *id != '\\')
			*out++ = *id;
		else
			out += snprintf(out, 5, "\\x%02x", (unsigned char)*id);
	return text;
}

/* The manager's own cgroup: root's is the root. A user's is found from where
 * the caller is, if that is in the user's slice. */
static const char *manager_path(const struct host *h, struct arena *a)
{
	const char *own = "", *at;
	unsigned uid = h->euid;

	if (!h->is_rootless)
		return "";
	for (size_t i = 0; i < h->n_cgroups; i++)
		if (h->cgroups[i].is_v2)
			own = h->cgroups[i].own;
	at = strstr(own, "/user@");
	if (at) {
		size_t n = (size_t)(at - own) + 1 + strcspn(at + 1, "/");

		return arena_dup_n(a, own, n);
	}
	at = strstr(own, "/user-");
	if (at)
		(void)sscanf(at, "/user-%u.slice", &uid);
	return arena_printf(a, "/user.slice/user-%u.slice/user@%u.service", uid,
			    uid);
}

static int split(const char *path, struct arena *a, const char **v,
		 struct err *e)
{
	const char *first = strchr(path, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || strchr(second + 1, ':')) {
		err_input(e,
			  "linux.cgroupsPath: expected slice:prefix:name for "
			  "the systemd manager, not \"%s\"",
			  path);
		return err_hint(e, -EINVAL,
				"leave it out, or use --cgroup-manager "
				"cgroupfs");
	}
	v[0] = arena_dup_n(a, path, (size_t)(first - path));
	v[1] = arena_dup_n(a, first + 1, (size_t)(second - first - 1));
	v[2] = second + 1;
	return v[0] && v[1] ? 0 : err_set(e, -ENOMEM, "cgroup");
}

int unit_names(const struct conf_cgroup *cc, const char *id,
		const struct host *h, struct arena *a, const char **ret_unit,
		const char **ret_path, struct err *e)
{
	const char *v[] = { "", "hull", escape(id, a) };
	const char *unit, *slice_path, *manager = manager_path(h, a);
	int r = cc->path && *cc->path ? split(cc->path, a, v, e) : 0;

	if (r < 0)
		return r;
	if (!*v[0])
		v[0] = h->is_rootless ? "user.slice" : "system.slice";
	r = unit_expand(v[0], a, &slice_path, e);
	if (r < 0)
		return r;
	unit = v[2] ? arena_printf(a, "%s-%s.scope", v[1], v[2]) : NULL;
	if (!unit || !manager)
		return err_set(e, -ENOMEM, "cgroup");
	if (!*v[2] || has_suffix(v[2], ".slice") || !is_unit_name(unit))
		return err_input(e,
				 "linux.cgroupsPath: \"%s\" is not the name of "
				 "a scope",
				 unit);
	*ret_unit = unit;
	*ret_path = arena_printf(a, "%s%s/%s%s%s", manager, slice_path, unit,
				 cc->systemd_subgroup ? "/" : "",
				 cc->systemd_subgroup ? cc->systemd_subgroup
						      : "");
	return *ret_path ? 0 : err_set(e, -ENOMEM, "cgroup");
}

size_t unit_dir_len(const struct cgroup *g)
{
	size_t n = strlen(g->scope);

	for (const char *p = g->path; n && (p = strstr(p, g->scope)); p++)
		if (p > g->path && p[-1] == '/' && (!p[n] || p[n] == '/'))
			return (size_t)(p - g->path) + n;
	return strlen(g->path);
}
