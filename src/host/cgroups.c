/* SPDX-License-Identifier: Apache-2.0 */
/* host/cgroups.c - which cgroup hierarchies are mounted, and where.
 *
 * Theory of operation
 * -------------------
 * /proc/self/cgroup lists the hierarchies in use. Nearly everywhere each is
 * mounted below /sys/fs/cgroup under its own name, and that is looked at first.
 * If one is not there, /proc/self/mountinfo tells where it is. That is read last
 * because it grows with the host: the kernel takes 2 to 4 us for each mount, and
 * a host with a hundred containers has thousands.
 */
#include "host/host-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

enum { MAX_CGROUPS = 16 };

#define CGROUP_TOP "/sys/fs/cgroup"

/* Undoes \040 and the like of proc_pid_mountinfo(5), in place. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] &&
		    s[3]) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
					(s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* The nth (from 0) blank-separated field of a line; NULL when there are not as
 * many. Cuts the line. */
static char *field(char *line, int nth)
{
	char *save = NULL, *word = strtok_r(line, " ", &save);

	while (word && nth-- > 0)
		word = strtok_r(NULL, " ", &save);
	return word;
}

/* One line of mountinfo: a cgroup mount or nothing. The options behind " - "
 * hold the controllers on v1. */
static int cgroup_mount(char *line, struct arena *a, struct host_cgroup *v,
			size_t *n)
{
	static const char *const no_controller[] = { "rw", "ro", "xattr",
						     "noprefix",
						     "clone_children" };
	char *tail = strstr(line, " - cgroup"), *options, *mount, *word,
	     *save = NULL;
	struct host_cgroup *cg = &v[*n];
	char list[256] = "";
	size_t len = 0;

	if (!tail || *n == MAX_CGROUPS)
		return 0;
	*tail = '\0';
	tail += 3;
	cg->is_v2 = strncmp(tail, "cgroup2 ", 8) == 0;
	options = field(tail, 2);
	mount = field(line, 4);
	if (!mount || !options)
		return 0;
	for (word = strtok_r(options, ",", &save); word && !cg->is_v2;
	     word = strtok_r(NULL, ",", &save)) {
		bool skip = strchr(word, '=') && strncmp(word, "name=", 5) != 0;

		for (size_t i = 0; i < ARRAY_SIZE(no_controller); i++)
			skip |= strcmp(word, no_controller[i]) == 0;
		if (skip || len + strlen(word) + 2 > sizeof(list))
			continue;
		if (len)
			list[len++] = ',';
		memcpy(list + len, word, strlen(word) + 1);
		len += strlen(word);
	}
	unescape(mount);
	cg->mount = arena_dup(a, mount);
	cg->controllers = arena_dup(a, list);
	cg->own = "/";
	(*n)++;
	return cg->mount && cg->controllers ? 0 : -ENOMEM;
}

/* "4:memory:/a/b" or "0::/a/b": where the caller is in one hierarchy. */
static int cgroup_own(char *line, struct arena *a, struct host_cgroup *v,
		      size_t n)
{
	char *controllers = strchr(line, ':'), *path;

	if (!controllers)
		return 0;
	controllers++;
	path = strchr(controllers, ':');
	if (!path)
		return 0;
	*path++ = '\0';
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].controllers, controllers) != 0)
			continue;
		v[i].own = arena_dup(a, path);
		return v[i].own ? 0 : -ENOMEM;
	}
	return 0;
}

/* The whole of a /proc file, however long, in the arena. */
static int slurp(const char *path, struct arena *a, char **ret_text)
{
	for (size_t size = 16 * 1024; size <= 16 * 1024 * 1024; size *= 4) {
		char *text = arena_alloc(a, size);
		ssize_t n;

		if (!text)
			return -ENOMEM;
		n = sys_read_file(AT_FDCWD, path, text, size);
		if (n >= 0) {
			*ret_text = text;
			return 0;
		}
		if (n != -EFBIG)
			return (int)n;
	}
	return -EFBIG;
}

/* A mount hides what was mounted at its place and below it before: a cgroup2
 * upon /sys/fs/cgroup hides the v1 hierarchies there, though mountinfo still
 * lists them. */
static void forget_hidden(const char *line, struct host_cgroup *v, size_t *n)
{
	const char *p = line;
	char mount[4096];
	size_t len, kept = 0;

	for (int i = 0; p && i < 4; i++)
		p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL;
	len = p ? strcspn(p, " ") : 0;
	if (len == 0 || len >= sizeof(mount))
		return;
	memcpy(mount, p, len);
	mount[len] = '\0';
	unescape(mount);
	len = strlen(mount);
	for (size_t i = 0; i < *n; i++) {
		bool is_below = strncmp(v[i].mount, mount, len) == 0 &&
				(!v[i].mount[len] || v[i].mount[len] == '/');

		if (!is_below)
			v[kept++] = v[i];
	}
	*n = kept;
}

/* The second mount of a hierarchy is no other hierarchy. */
static bool is_twice(const struct host_cgroup *v, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (v[i].is_v2 == v[n - 1].is_v2 &&
		    strcmp(v[i].controllers, v[n - 1].controllers) == 0)
			return true;
	return false;
}

/* From /proc/self/mountinfo: correct for every way to mount them. */
static int read_mounts(struct arena *a, struct host_cgroup *v, size_t *n)
{
	char *text, *line, *save = NULL;
	int r = slurp("/proc/self/mountinfo", a, &text);

	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		if (*n > 0)
			forget_hidden(line, v, n);
		r = cgroup_mount(line, a, v, n);
		if (r == 0 && *n > 1 && is_twice(v, *n))
			(*n)--;
	}
	return r;
}

/* Is a hierarchy of this version mounted there? Its file system's id, which no
 * other hierarchy has, goes to *ret. */
static bool is_mounted(const char *path, bool is_v2, fsid_t *ret)
{
	unsigned long magic = is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
	struct statfs fs;

	if (statfs(path, &fs) < 0 || (unsigned long)fs.f_type != magic)
		return false;
	*ret = fs.f_fsid;
	return true;
}

/* The usual place of the hierarchy that a line of /proc/self/cgroup is about. */
static const char *usual_place(const char *controllers, size_t len,
			       bool is_only, struct arena *a)
{
	static const char named[] = "name=";
	size_t skip = sizeof(named) - 1;

	if (len == 0)
		return is_only ? CGROUP_TOP : CGROUP_TOP "/unified";
	if (len > skip && memcmp(controllers, named, skip) == 0) {
		controllers += skip;
		len -= skip;
	}
	return arena_join(a, CGROUP_TOP "/", controllers, len);
}

/* Every hierarchy of the text (of /proc/self/cgroup) where it usually is; false
 * when one is not. */
static bool find_usual(const char *text, struct arena *a, struct host_cgroup *v,
		       size_t *ret_n)
{
	fsid_t ids[MAX_CGROUPS];
	size_t n = 0, len;

	for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
		const char *controllers = strchr(p, ':');

		end = strchrnul(p, '\n');
		if (!controllers || controllers > end || n == MAX_CGROUPS)
			return false;
		controllers++;
		len = strcspn(controllers, ":\n");
		v[n] = (struct host_cgroup){
			.mount = usual_place(controllers, len, p == text, a),
			.controllers = arena_dup_n(a, controllers, len),
			.own = "/",
			.is_v2 = len == 0,
		};
		if (!v[n].mount || !v[n].controllers ||
		    !is_mounted(v[n].mount, v[n].is_v2, &ids[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (memcmp(&ids[i], &ids[n], sizeof(*ids)) == 0)
				return false;
		n++;
	}
	*ret_n = n;
	return n > 0;
}

int host_probe_cgroups(struct host *h, struct arena *a, struct err *e)
{
	struct host_cgroup *v = arena_array(a, MAX_CGROUPS, sizeof(*v));
	char *text, *line, *save = NULL;
	size_t n = 0, n_v2 = 0;
	int r;

	if (!v)
		return err_set(e, -ENOMEM, "cgroups");
	r = slurp("/proc/self/cgroup", a, &text);
	if (r < 0)
		return err_set(e, r, "read /proc/self/cgroup");
	if (!find_usual(text, a, v, &n)) {
		n = 0;
		r = read_mounts(a, v, &n);
		if (r < 0)
			return err_set(e, r, "read /proc/self/mountinfo");
	}
	for (line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = cgroup_own(line, a, v, n);
	if (r < 0)
		return err_set(e, r, "read /proc/self/cgroup");
	for (size_t i = 0; i < n; i++)
		n_v2 += v[i].is_v2;
	h->cgroups = v;
	h->n_cgroups = n;
	h->cgroup_layout = n == 0      ? CGROUP_NONE
			   : n_v2 == n ? CGROUP_V2
			   : n_v2      ? CGROUP_HYBRID
				       : CGROUP_V1;
	return 0;
}
