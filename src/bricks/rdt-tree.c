/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/rdt-tree.c - the directories of resctrl.
 *
 * Interface: Documentation/filesystems/resctrl.rst. The file `schemata` of a
 * class has a line a resource, "L3:0=fff;1=fff", numbers in hexadecimal for
 * caches and decimal for bandwidth, padded as the kernel likes; what is written
 * changes only the domains that are named. Why the kernel refused something
 * stands in info/last_cmd_status. */
#include "base/err.h"
#include "base/scope.h"
#include "bricks/rdt-priv.h"
#include "conf/conf.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SCHEMATA_MAX = 16384, LINES_MAX = 256 };

/* All that is wanted, line by line: both old properties, then schemata. */
static size_t wanted(const struct conf_intel_rdt *rdt, const char **lines)
{
	size_t n = 0;

	if (rdt->l3_cache_schema)
		lines[n++] = rdt->l3_cache_schema;
	if (rdt->mem_bw_schema)
		lines[n++] = rdt->mem_bw_schema;
	for (size_t i = 0; i < rdt->schemata.n && n < LINES_MAX; i++)
		lines[n++] = rdt->schemata.v[i];
	return n;
}

/* "a" and "0a" are the same number. */
static bool same_value(const char *a, size_t n_a, const char *b, size_t n_b)
{
	while (n_a > 1 && *a == '0')
		a++, n_a--;
	while (n_b > 1 && *b == '0')
		b++, n_b--;
	return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

/* Is "0=fff" of n bytes among the domains "0=fff;1=fff"? */
static bool has_domain(const char *domains, const char *want, size_t n)
{
	size_t id = strcspn(want, "="), len;

	if (id >= n)
		return false;
	for (; *domains && *domains != '\n'; domains += len + 1) {
		len = strcspn(domains, ";\n");
		if (len > id && strncmp(domains, want, id + 1) == 0)
			return same_value(domains + id + 1, len - id - 1,
					  want + id + 1, n - id - 1);
		if (domains[len] != ';')
			return false;
	}
	return false;
}

/* Does the file's text say what a wanted line says? */
static bool says(const char *text, const char *line)
{
	size_t prefix = strcspn(line, ":") + 1, n;
	const char *p = text;

	for (; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		p += strspn(p, " ");
		if (strncmp(p, line, prefix) == 0)
			break;
	}
	if (!*p || !line[prefix - 1])
		return false;
	for (line += prefix; *line; line += n + (line[n] == ';')) {
		n = strcspn(line, ";");
		if (n && !has_domain(p + prefix, line, n))
			return false;
	}
	return true;
}

static int compare(int dir_fd, const char *name, const char *const *lines,
		   size_t n, struct err *e)
{
	char text[SCHEMATA_MAX];
	ssize_t len = sys_read_file(dir_fd, "schemata", text, sizeof(text));

	if (len < 0)
		return err_set(e, (int)len, "read schemata of the class %s",
			       name);
	for (size_t i = 0; i < n; i++)
		if (!says(text, lines[i]))
			return err_input(e,
					 "linux.intelRdt: the class %s is "
					 "there, but not with \"%s\"",
					 name, lines[i]);
	return 0;
}

static int refused(const struct rdt_tree *t, int code, const char *name,
		   struct err *e)
{
	char why[256];
	ssize_t n = sys_read_file(t->root_fd, "info/last_cmd_status", why,
				  sizeof(why));

	err_set(e, code, "linux.intelRdt: write schemata of the class %s",
		name);
	if (n > 1 && strcmp(why, "ok\n") != 0) {
		why[strcspn(why, "\n")] = '\0';
		return err_hint(e, code, "the kernel says: %s", why);
	}
	return code;
}

static int write_schemata(const struct rdt_tree *t, int dir_fd,
			  const char *name, const char *const *lines, size_t n,
			  struct err *e)
{
	char text[SCHEMATA_MAX];
	size_t len = 0;
	int ret;

	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n",
					lines[i]);
		if (len >= sizeof(text))
			return err_input(e,
					 "linux.intelRdt: more than %d "
					 "bytes",
					 SCHEMATA_MAX);
	}
	ret = n ? sys_write_file(dir_fd, "schemata", text) : 0;
	return ret < 0 ? refused(t, ret, name, e) : 0;
}

static int missing(const char *name, struct err *e)
{
	err_input(e, "linux.intelRdt.closID: there is no class %s", name);
	return err_hint(e, -EINVAL,
			"make it, or give a schemata for it to be "
			"made with");
}

int rdt_class(const struct rdt_tree *t, const char *name,
	      const struct conf_intel_rdt *rdt, bool *ret_made, struct err *e)
{
	const char *lines[LINES_MAX + 2];
	size_t n = wanted(rdt, lines);
	auto_fd int fd = -EBADF;
	int ret = -EEXIST;

	fd = openat(t->root_fd, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && rdt->clos_id)
		return compare(fd, name, lines, n, e);
	if (fd < 0 && rdt->clos_id && n == 0)
		return missing(name, e);
	if (fd < 0)
		ret = t->make(t->root_fd, name);
	if (ret < 0)
		return err_set(e, ret, "linux.intelRdt: make the class %s",
			       name);
	*ret_made = true;
	fd = openat(t->root_fd, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the class %s", name);
	return write_schemata(t, fd, name, lines, n, e);
}

int rdt_change(const struct rdt_tree *t, const char *name,
	       const struct conf_intel_rdt *rdt, struct err *e)
{
	const char *lines[LINES_MAX + 2];
	size_t n = wanted(rdt, lines);
	auto_fd int fd = openat(t->root_fd, name,
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; i < n; i++)
		if (strchr(lines[i], '\n') || !strchr(lines[i], ':'))
			return err_input(e, "linux.intelRdt: expected one line like L3:0=fff;1=fff");
	if (fd < 0)
		return err_sys(e, "open the class %s", name);
	return write_schemata(t, fd, name, lines, n, e);
}

int rdt_monitor(const struct rdt_tree *t, const char *name, bool *ret_made,
		struct err *e)
{
	int ret = t->make(t->root_fd, name);

	if (ret < 0)
		return err_set(e, ret,
			       "linux.intelRdt: make the monitored "
			       "group %s",
			       name);
	*ret_made = true;
	return 0;
}

int rdt_add_task(const struct rdt_tree *t, const char *name, pid_t pid,
		 struct err *e)
{
	char path[512], text[16];
	int ret;

	snprintf(path, sizeof(path), "%s/tasks", name);
	snprintf(text, sizeof(text), "%d", (int)pid);
	ret = sys_write_file(t->root_fd, path, text);
	return ret < 0 ? err_set(e, ret, "linux.intelRdt: write %s to %s", text,
				 path)
		       : 0;
}
