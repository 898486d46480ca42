/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/stats.c - what a container uses, read from its cgroups' counters. */
#include "cgroup/stats.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 64 << 10 };

struct reader {
	const struct cgroup *g;
	struct arena *arena;
	char text[TEXT_SIZE];
};

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, word, n) == 0 && (!p[n] || p[n] == ','))
			return true;
	}
	return false;
}

static const struct cgroup_dir *v1_dir(const struct cgroup *g,
				       const char *controller)
{
	for (size_t i = 0; i < g->n_dirs; i++)
		if (!g->dirs[i].hierarchy->is_v2 &&
		    has_word(g->dirs[i].hierarchy->controllers, controller))
			return &g->dirs[i];
	return NULL;
}

static const struct cgroup_dir *v2_dir(const struct cgroup *g)
{
	for (size_t i = 0; i < g->n_dirs; i++)
		if (g->dirs[i].hierarchy->is_v2)
			return &g->dirs[i];
	return NULL;
}

/* The text of DIR/NAME; "" when there is none. */
static const char *text_of(struct reader *r, const struct cgroup_dir *d,
			   const char *name)
{
	char path[4096];

	r->text[0] = '\0';
	if (d && (size_t)snprintf(path, sizeof(path), "%s/%s", d->path, name) < sizeof(path) &&
	    sys_read_file(AT_FDCWD, path, r->text, sizeof(r->text)) < 0)
		r->text[0] = '\0';
	return r->text;
}

static uint64_t number(const char *text, size_t n)
{
	char copy[24];
	uint64_t v = 0;

	if (n == 3 && memcmp(text, "max", 3) == 0)
		return CGROUP_UNLIMITED;
	if (n >= sizeof(copy))
		return 0;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return num_u64(copy, UINT64_MAX, &v) == 0 ? v : 0;
}

static uint64_t number_of(struct reader *r, const struct cgroup_dir *d,
			  const char *name)
{
	const char *text = text_of(r, d, name);

	return number(text, strcspn(text, "\n "));
}

/* The value of a line "KEY VALUE". */
static uint64_t value_of(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, key, n) == 0 && p[n] == ' ')
			return number(p + n + 1, strcspn(p + n + 1, "\n "));
	return 0;
}

static void read_cpu_v1(struct reader *r, struct cgroup_stats *s)
{
	const struct cgroup_dir *acct = v1_dir(r->g, "cpuacct"), *cpu = v1_dir(r->g, "cpu");
	const char *text;
	uint64_t *v;
	size_t n = 0;

	s->cpu_ns = number_of(r, acct, "cpuacct.usage");
	s->cpu_user_ns = number_of(r, acct, "cpuacct.usage_user");
	s->cpu_kernel_ns = number_of(r, acct, "cpuacct.usage_sys");
	text = text_of(r, acct, "cpuacct.usage_percpu");
	v = arena_array(r->arena, strlen(text) / 2 + 1, sizeof(*v));
	for (const char *p = text; v && *p && *p != '\n'; p += *p == ' ') {
		size_t len = strcspn(p, " \n");

		v[n++] = number(p, len);
		p += len;
	}
	s->percpu_ns = v;
	s->n_percpu = n;
	text = text_of(r, cpu, "cpu.stat");
	s->periods = value_of(text, "nr_periods");
	s->throttled_periods = value_of(text, "nr_throttled");
	s->throttled_ns = value_of(text, "throttled_time");
}

static void read_cpu_v2(struct reader *r, struct cgroup_stats *s)
{
	const char *text = text_of(r, v2_dir(r->g), "cpu.stat");

	s->cpu_ns = 1000 * value_of(text, "usage_usec");
	s->cpu_user_ns = 1000 * value_of(text, "user_usec");
	s->cpu_kernel_ns = 1000 * value_of(text, "system_usec");
	s->periods = value_of(text, "nr_periods");
	s->throttled_periods = value_of(text, "nr_throttled");
	s->throttled_ns = 1000 * value_of(text, "throttled_usec");
}

static void read_raw(struct reader *r, const char *text, struct cgroup_stats *s)
{
	size_t lines = 0, n = 0;
	struct cgroup_counter *v;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	v = arena_array(r->arena, lines + 1, sizeof(*v));
	for (const char *p = text; v && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t key = strcspn(p, " \n");

		if (p[key] != ' ')
			continue;
		v[n].name = arena_dup_n(r->arena, p, key);
		v[n].value = number(p + key + 1, strcspn(p + key + 1, "\n"));
		n += v[n].name != NULL;
	}
	s->raw = v;
	s->n_raw = n;
}

/* v1 files PREFIX.usage_in_bytes and so on. Its "no limit" is a page short of
 * 2^63. */
static void read_mem_v1(struct reader *r, const struct cgroup_dir *d,
			const char *prefix, struct cgroup_mem *m)
{
	const struct {
		const char *file;
		uint64_t *to;
	} rows[] = {
		{ "usage_in_bytes", &m->usage },
		{ "max_usage_in_bytes", &m->max_usage },
		{ "limit_in_bytes", &m->limit },
		{ "failcnt", &m->failcnt },
	};
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(name, sizeof(name), "%s.%s", prefix, rows[i].file);
		*rows[i].to = number_of(r, d, name);
	}
	if (m->limit >= INT64_MAX - 0xffffULL)
		m->limit = CGROUP_UNLIMITED;
}

static void read_memory_v1(struct reader *r, const struct cgroup_dir *d,
			   struct cgroup_stats *s)
{
	const char *text = text_of(r, d, "memory.stat");

	s->cache = value_of(text, "cache");
	read_raw(r, text, s);
	read_mem_v1(r, d, "memory", &s->memory);
	read_mem_v1(r, d, "memory.memsw", &s->swap);
	read_mem_v1(r, d, "memory.kmem", &s->kernel);
	read_mem_v1(r, d, "memory.kmem.tcp", &s->kernel_tcp);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == CGROUP_UNLIMITED || b == CGROUP_UNLIMITED ? CGROUP_UNLIMITED : a + b;
}

static void read_memory_v2(struct reader *r, const struct cgroup_dir *d,
			   struct cgroup_stats *s)
{
	const char *text = text_of(r, d, "memory.stat");

	s->cache = value_of(text, "file");
	read_raw(r, text, s);
	s->memory.usage = number_of(r, d, "memory.current");
	s->memory.max_usage = number_of(r, d, "memory.peak");
	s->memory.limit = number_of(r, d, "memory.max");
	s->memory.failcnt = value_of(text_of(r, d, "memory.events"), "max");
	s->swap.usage = sum(s->memory.usage, number_of(r, d, "memory.swap.current"));
	s->swap.limit = sum(s->memory.limit, number_of(r, d, "memory.swap.max"));
}

/* v1: lines "8:0 Read 4096". */
static size_t read_io_v1(struct reader *r, const char *file,
			 const struct cgroup_io **ret)
{
	const char *text = text_of(r, v1_dir(r->g, "blkio"), file);
	struct cgroup_io *v = arena_array(r->arena, strlen(text) / 6 + 1, sizeof(*v));
	size_t n = 0;

	for (const char *p = text; v && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		unsigned major, minor;
		unsigned long long value;
		char op[16];

		if (sscanf(p, "%u:%u %15s %llu", &major, &minor, op, &value) != 4)
			continue;
		v[n] = (struct cgroup_io){ major, minor, value, arena_dup(r->arena, op) };
		n += v[n].op != NULL;
	}
	*ret = v;
	return n;
}

/* v2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...". */
static void read_io_v2(struct reader *r, struct cgroup_stats *s)
{
	const char *text = text_of(r, v2_dir(r->g), "io.stat");
	size_t most = strlen(text) / 8 + 2;
	struct cgroup_io *bytes = arena_array(r->arena, most, sizeof(*bytes));
	struct cgroup_io *ops = arena_array(r->arena, most, sizeof(*ops));

	for (const char *p = text; bytes && ops && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		unsigned major, minor;
		unsigned long long rb, wb, ro, wo;

		if (sscanf(p, "%u:%u rbytes=%llu wbytes=%llu rios=%llu wios=%llu",
			   &major, &minor, &rb, &wb, &ro, &wo) != 6)
			continue;
		bytes[s->n_io_bytes++] = (struct cgroup_io){ major, minor, rb, "Read" };
		bytes[s->n_io_bytes++] = (struct cgroup_io){ major, minor, wb, "Write" };
		ops[s->n_io_ops++] = (struct cgroup_io){ major, minor, ro, "Read" };
		ops[s->n_io_ops++] = (struct cgroup_io){ major, minor, wo, "Write" };
	}
	s->io_bytes = bytes;
	s->io_ops = ops;
}

/* One element for each hugetlb.SIZE.USAGE file. */
static void read_huge(struct reader *r, struct cgroup_stats *s)
{
	const struct cgroup_dir *v1 = v1_dir(r->g, "hugetlb"), *d = v1 ? v1 : v2_dir(r->g);
	const char *usage = v1 ? "usage_in_bytes" : "current";
	DIR *dir = d ? opendir(d->path) : NULL;
	struct cgroup_huge *v = arena_array(r->arena, 16, sizeof(*v));
	struct dirent *f;
	char name[300];

	while (dir && v && s->n_huge < 16 && (f = readdir(dir))) {
		const char *size = f->d_name + 8, *dot;
		struct cgroup_huge *h = &v[s->n_huge];

		if (strncmp(f->d_name, "hugetlb.", 8) != 0)
			continue;
		dot = strchr(size, '.');
		if (!dot || strcmp(dot + 1, usage) != 0)
			continue;
		h->page_size = arena_dup_n(r->arena, size, (size_t)(dot - size));
		h->usage = number_of(r, d, f->d_name);
		snprintf(name, sizeof(name), "hugetlb.%.*s.max_usage_in_bytes", (int)(dot - size), size);
		h->max_usage = number_of(r, d, name);
		snprintf(name, sizeof(name), v1 ? "hugetlb.%.*s.failcnt" : "hugetlb.%.*s.events",
			 (int)(dot - size), size);
		h->failcnt = v1 ? number_of(r, d, name) : value_of(text_of(r, d, name), "max");
		s->n_huge += h->page_size != NULL;
	}
	if (dir)
		closedir(dir);
	s->huge = v;
}

int cgroup_stats(const struct cgroup *g, struct arena *a,
		 struct cgroup_stats *ret, struct err *e)
{
	struct reader *r = arena_new(a, struct reader);
	const struct cgroup_dir *memory = v1_dir(g, "memory"), *pids = v1_dir(g, "pids");
	struct cgroup_stats s = { 0 };

	if (!r)
		return err_set(e, -ENOMEM, "read counters");
	r->g = g;
	r->arena = a;
	if (v1_dir(g, "cpuacct"))
		read_cpu_v1(r, &s);
	else
		read_cpu_v2(r, &s);
	if (memory)
		read_memory_v1(r, memory, &s);
	else
		read_memory_v2(r, v2_dir(g), &s);
	if (!pids)
		pids = v2_dir(g);
	s.pids = number_of(r, pids, "pids.current");
	s.pids_limit = number_of(r, pids, "pids.max");
	if (v1_dir(g, "blkio")) {
		s.n_io_bytes = read_io_v1(r, "blkio.throttle.io_service_bytes_recursive", &s.io_bytes);
		s.n_io_ops = read_io_v1(r, "blkio.throttle.io_serviced_recursive", &s.io_ops);
	} else {
		read_io_v2(r, &s);
	}
	read_huge(r, &s);
	*ret = s;
	return 0;
}
