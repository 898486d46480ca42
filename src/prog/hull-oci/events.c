/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/events.c - what a container uses, as JSON lines like runc's.
 *
 * {"type":"stats","id":"x","data":{...}} once (--stats) or every interval until
 * the container ends, and {"type":"oom","id":"x"} when its memory ran out
 * meanwhile. The names of data's members are runc's types/events.go: engines
 * read them. "No limit" is 2^64-1 there, too. */
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/stats.h"
#include "prog/hull-oci/app.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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

/* v1 counts a kill some milliseconds after it has said that memory is out. */
enum { OOM_LATE_MS = 20 };

/* A line when there were more kills than before. */
static void put_ooms(const struct found *f, const struct cgroup *g, uint64_t *kills)
{
	uint64_t now = cgroup_oom_kills(g);

	if (now > *kills) {
		printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", f->state.id);
		fflush(stdout);
	}
	*kills = now;
}

/* Each line has its own memory. */
static int put_numbers(const struct found *f, const struct cgroup *g, struct err *e)
{
	struct cgroup_stats s;
	struct arena a;
	int r;

	arena_init(&a);
	r = cgroup_stats(g, &a, &s, e);
	if (r == 0)
		r = put_stats(f->state.id, &s, e);
	arena_done(&a);
	return r;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Until the container ends: its numbers each interval, kills when they happen. */
static int watch(const struct found *f, const struct cgroup *g, int interval_ms, struct err *e)
{
	auto_fd int init = state_pidfd(&f->state, e);
	auto_fd int oom = cgroup_oom_open(g);
	struct pollfd p[] = { { .fd = init, .events = POLLIN }, { .fd = oom, .events = POLLIN } };
	int64_t next = now_ms() + interval_ms, late = INT64_MAX;
	uint64_t kills = cgroup_oom_kills(g);
	int r = 0;

	if (init < 0)
		return init;
	while (r == 0) {
		int64_t until = next < late ? next : late, left = until - now_ms();

		if (poll(p, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return err_sys(e, "wait for the container");
		if (p[1].revents) {
			cgroup_oom_drain(oom);
			late = now_ms() + OOM_LATE_MS;
		}
		put_ooms(f, g, &kills);
		if (p[0].revents)
			break;
		if (now_ms() >= late)
			late = INT64_MAX;
		if (now_ms() >= next) {
			r = put_numbers(f, g, e);
			next = now_ms() + interval_ms;
		}
	}
	return r;
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
		return watch(&f, &g, ms, e);
	r = cgroup_stats(&g, &ap->arena, &s, e);
	return r < 0 ? r : put_stats(argv[0], &s, e);
}
