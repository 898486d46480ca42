/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/events.c - what a container uses, as JSON lines like runc's.
 *
 * {"type":"stats","id":"x","data":{...}} once (--stats) or every interval until
 * the container ends, and {"type":"oom","id":"x"} when its memory ran out
 * meanwhile. The names of data's members are runc's types/events.go: engines
 * read them. "No limit" is 2^64-1 there, too. */
#include "base/err.h"
#include "base/num.h"
#include "cgroup/stats.h"
#include "prog/hull-oci/app.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_mem(const char *name, const struct cgroup_mem *m)
{
	printf("\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64
	       ",\"failcnt\":%" PRIu64 "},", name, m->limit, m->usage, m->max_usage, m->failcnt);
}

static void put_cpu(const struct cgroup_stats *s)
{
	printf("\"cpu\":{\"usage\":{\"total\":%" PRIu64 ",\"percpu\":[", s->cpu_ns);
	for (size_t i = 0; i < s->n_percpu; i++)
		printf("%s%" PRIu64, i ? "," : "", s->percpu_ns[i]);
	printf("],\"kernel\":%" PRIu64 ",\"user\":%" PRIu64 "},\"throttling\":{\"periods\":%" PRIu64
	       ",\"throttledPeriods\":%" PRIu64 ",\"throttledTime\":%" PRIu64 "}},",
	       s->cpu_kernel_ns, s->cpu_user_ns, s->periods, s->throttled_periods, s->throttled_ns);
}

static void put_memory(const struct cgroup_stats *s)
{
	printf("\"memory\":{\"cache\":%" PRIu64 ",", s->cache);
	put_mem("usage", &s->memory);
	put_mem("swap", &s->swap);
	put_mem("kernel", &s->kernel);
	put_mem("kernelTCP", &s->kernel_tcp);
	printf("\"raw\":{");
	for (size_t i = 0; i < s->n_raw; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", s->raw[i].name, s->raw[i].value);
	printf("}},");
}

static void put_io(const char *name, const struct cgroup_io *v, size_t n)
{
	printf("\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		printf("%s{\"major\":%" PRIu64 ",\"minor\":%" PRIu64 ",\"op\":\"%s\",\"value\":%" PRIu64 "}",
		       i ? "," : "", v[i].major, v[i].minor, v[i].op, v[i].value);
	printf("]");
}

static void put_huge(const struct cgroup_stats *s)
{
	printf("\"hugetlb\":{");
	for (size_t i = 0; i < s->n_huge; i++)
		printf("%s\"%s\":{\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64 "}",
		       i ? "," : "", s->huge[i].page_size, s->huge[i].usage,
		       s->huge[i].max_usage, s->huge[i].failcnt);
	printf("},");
}

/* The id has only letters that JSON takes as they are. */
static int put_stats(const char *id, const struct cgroup_stats *s, struct err *e)
{
	printf("{\"type\":\"stats\",\"id\":\"%s\",\"data\":{", id);
	put_cpu(s);
	put_memory(s);
	printf("\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "},", s->pids,
	       s->pids_limit == CGROUP_UNLIMITED ? 0 : s->pids_limit);
	printf("\"blkio\":{");
	put_io("ioServiceBytesRecursive", s->io_bytes, s->n_io_bytes);
	printf(",");
	put_io("ioServicedRecursive", s->io_ops, s->n_io_ops);
	printf("},");
	put_huge(s);
	printf("\"intel_rdt\":{},\"network_interfaces\":null}}\n");
	return fflush(stdout) < 0 ? err_sys(e, "write to standard output") : 0;
}

/* Go's durations, as far as sense goes: 500ms, 5s, 2m, 1h. */
static int parse_interval(const char *text, int *ret_ms, struct err *e)
{
	static const struct {
		const char *unit;
		uint32_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	size_t digits = strspn(text, "0123456789");
	char number[16];
	uint32_t n;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (digits >= sizeof(number) || strcmp(text + digits, units[i].unit) != 0)
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)digits, text);
		if (num_u32(number, &n) < 0 || n == 0 || n > INT32_MAX / units[i].ms)
			break;
		*ret_ms = (int)(n * units[i].ms);
		return 0;
	}
	return err_input(e, "--interval: expected a time like 5s or 500ms, not \"%s\"", text);
}

/* Kills by lack of memory so far: of v1's memory.oom_control or v2's
 * memory.events, whichever is there. */
static uint64_t oom_kills(const struct cgroup *g)
{
	uint64_t kills = 0;

	for (size_t i = 0; i < g->n_dirs; i++) {
		const struct cgroup_dir *d = &g->dirs[i];
		char path[4096], line[128];
		unsigned long long n;
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", d->path,
			 d->hierarchy->is_v2 ? "memory.events" : "memory.oom_control");
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "oom_kill %llu", &n) == 1)
				kills += n;
		if (f)
			fclose(f);
	}
	return kills;
}

/* Until the container ends. Each line has its own memory. */
static int watch(struct app *app, const struct found *f, const struct cgroup *g,
		 int interval_ms, struct err *e)
{
	struct pollfd p = { .fd = state_pidfd(&f->state, e), .events = POLLIN };
	uint64_t kills = oom_kills(g);
	int n = 0, r = 0;

	(void)app;
	while (p.fd >= 0 && r == 0 && n >= 0) {
		struct cgroup_stats s;
		struct arena a;
		uint64_t now;

		n = poll(&p, 1, interval_ms);
		if (n < 0 && errno == EINTR)
			n = 0;
		now = oom_kills(g);
		if (now > kills)
			printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", f->state.id);
		kills = now;
		if (n != 0)
			break;
		arena_init(&a);
		r = cgroup_stats(g, &a, &s, e);
		if (r == 0)
			r = put_stats(f->state.id, &s, e);
		arena_done(&a);
	}
	if (p.fd < 0)
		return p.fd;
	close(p.fd);
	return n < 0 ? err_sys(e, "wait for the container") : r;
}

COMMAND(events)
{
	const struct events_opts *o = opts;
	struct app *ap = app;
	struct cgroup_stats s;
	struct cgroup g;
	struct found f;
	int ms = 5000, r = o->interval ? parse_interval(o->interval, &ms, e) : 0;

	(void)argc;
	if (r == 0)
		r = found_open(ap, argv[0], &f, e);
	if (r == 0)
		r = found_cgroup(ap, &f, &g, e);
	if (r < 0)
		return r;
	if (state_status(f.dir_fd, &f.state) == STATUS_STOPPED)
		return err_plain(e, -ESRCH, "container \"%s\": container not running", argv[0]);
	if (!o->stats)
		return watch(ap, &f, &g, ms, e);
	r = cgroup_stats(&g, &ap->arena, &s, e);
	return r < 0 ? r : put_stats(argv[0], &s, e);
}
