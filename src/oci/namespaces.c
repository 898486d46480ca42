/* SPDX-License-Identifier: Apache-2.0 */
/* oci/namespaces.c - linux.namespaces, id mappings, time offsets.
 *
 * A namespace to be joined is opened here, once, and looked at on its fd: what
 * is checked is what will be joined, whatever happens to the path later. */
#include "oci/config-priv.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static bool kind_of_flag(uint64_t flag, enum ns_kind *ret)
{
	for (int k = 0; k < NS_MAX_; k++) {
		if (ns_clone_flag((enum ns_kind)k) == flag) {
			*ret = (enum ns_kind)k;
			return true;
		}
	}
	return false;
}

/* fstatfs() comes before the ioctl: on anything but nsfs its number may mean
 * something else. O_NONBLOCK: a fifo shall not hold us. */
static int open_namespace(struct read *r, const struct json_at *at,
			  enum ns_kind kind, const char *path)
{
	auto_fd int fd =
		openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum ns_kind found;
	struct statfs fs;
	int flag;

	if (fd < 0)
		return json_fail(at, r->e, "open %s: %s", JSON_QUOTE(path),
				 strerror(errno));
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return json_fail(at, r->e, "%s is not a namespace",
				 JSON_QUOTE(path));
	flag = ioctl(fd, NS_GET_NSTYPE);
	if (flag < 0 || !kind_of_flag((unsigned)flag, &found))
		return json_fail(at, r->e, "%s is a namespace of unknown type",
				 JSON_QUOTE(path));
	if (found != kind)
		return json_fail(
			at, r->e, "%s is a namespace of type %s, expected %s",
			JSON_QUOTE(path), ns_name(found), ns_name(kind));
	return TAKE_FD(fd);
}

/* Is it the one we are in? To join that is to do nothing, and the kernel
 * refuses it for a user namespace; what is the host's shall count as the
 * host's. */
static bool is_own(int fd, enum ns_kind kind)
{
	struct stat own, other;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_proc_name(kind));
	return stat(path, &own) == 0 && fstat(fd, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static int namespace_type(struct read *r, const struct json_at *at, void *kind)
{
	struct word words[NS_MAX_];
	uint64_t n = 0;
	int ret;

	for (int k = 0; k < NS_MAX_; k++)
		words[k] =
			(struct word){ ns_name((enum ns_kind)k), (uint64_t)k };
	ret = words_read(r, at, "namespace", words, NS_MAX_, &n);
	if (ret == 0)
		*(int *)kind = (int)n;
	return ret;
}

static int join(struct read *r, const struct json_at *at, enum ns_kind kind)
{
	struct conf_ns *ns = &r->conf->ns[kind];
	auto_fd int fd = open_namespace(r, at, kind, ns->path);

	if (fd < 0)
		return fd;
	if (is_own(fd, kind))
		*ns = (struct conf_ns){ .mode = PART_OFF, .fd = -EBADF };
	else
		ns->fd = TAKE_FD(fd);
	return 0;
}

struct entry {
	int kind;
	const char *path;
};

static int namespace_(struct read *r, const struct json_at *at)
{
	static const struct field fields[] = {
		FIELD_AT("type", struct entry, kind, namespace_type,
			 .is_required = true),
		FIELD("path", struct entry, path),
	};
	struct json_at path = json_get(at, "path");
	struct entry entry = { 0 };
	struct conf_ns *ns;
	int ret = FIELDS_READ(r, at, fields, &entry);

	if (ret < 0)
		return ret;
	ns = &r->conf->ns[entry.kind];
	if (r->ns_seen & 1u << entry.kind)
		return json_fail(at, r->e, "a second %s namespace",
				 ns_name((enum ns_kind)entry.kind));
	r->ns_seen |= 1u << entry.kind;
	if (!entry.path) {
		ns->mode = PART_OWN;
		return 0;
	}
	if (*entry.path != '/')
		return json_fail(&path, r->e, "%s is not an absolute path",
				 JSON_QUOTE(entry.path));
	ns->mode = PART_JOIN;
	ns->path = entry.path;
	return r->open_ns ? join(r, &path, (enum ns_kind)entry.kind) : 0;
}

int oci_namespaces(struct read *r, const struct json_at *at, void *conf)
{
	int ret = json_is(at, JSON_ARRAY, r->e);

	(void)conf;
	for (struct json_at m = json_first(at); m.v && ret == 0; json_next(&m))
		ret = namespace_(r, &m);
	return ret;
}

static int mapping(struct read *r, const struct json_at *at, void *map)
{
	static const struct field fields[] = {
		FIELD("containerID", struct conf_idmap, container_id,
		      .is_required = true),
		FIELD("hostID", struct conf_idmap, host_id,
		      .is_required = true),
		FIELD("size", struct conf_idmap, size, .is_required = true,
		      .min = 1),
	};

	return FIELDS_READ(r, at, fields, map);
}

int oci_uid_mappings(struct read *r, const struct json_at *at, void *idmaps)
{
	struct conf_idmaps *m = idmaps;

	return LIST_READ(r, at, mapping, &m->uid, &m->n_uid);
}

int oci_gid_mappings(struct read *r, const struct json_at *at, void *idmaps)
{
	struct conf_idmaps *m = idmaps;

	return LIST_READ(r, at, mapping, &m->gid, &m->n_gid);
}

static int time_offset(struct read *r, const struct json_at *at, void *offset)
{
	static const struct field fields[] = {
		FIELD("secs", struct conf_time_offset, secs),
		FIELD("nanosecs", struct conf_time_offset, nanosecs,
		      .max = 999999999),
	};

	((struct conf_time_offset *)offset)->given = true;
	return FIELDS_READ(r, at, fields, offset);
}

int oci_time_offsets(struct read *r, const struct json_at *at, void *conf)
{
	static const struct field fields[] = {
		FIELD_AT("monotonic", struct conf, monotonic, time_offset),
		FIELD_AT("boottime", struct conf, boottime, time_offset),
	};
	int ret = FIELDS_READ(r, at, fields, conf);

	for (struct json_at m = json_first(at); m.v && ret == 0; json_next(&m))
		if (strcmp(m.v->key, "monotonic") != 0 &&
		    strcmp(m.v->key, "boottime") != 0)
			ret = json_fail(&m, r->e,
					"there is no such clock: expected "
					"monotonic or boottime");
	return ret;
}
