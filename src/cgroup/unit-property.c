/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/unit-property.c - linux.resources as properties of a unit.
 *
 * Which resource is which property is written in systemd.resource-control(5)
 * and org.freedesktop.systemd1(5); on a v1 or hybrid host only the properties
 * for v1 count. cgroup_limit() writes all limits into the files afterwards:
 * here is what systemd must agree with, since it writes its own values again
 * whenever it looks at the unit. */
#include "cgroup/unit-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/scope.h"
#include "cgroup/devices-priv.h"
#include "cgroup/file-priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool grow(struct request *q, size_t more)
{
	size_t cap = q->cap ? q->cap : 4096;
	char *text;

	while (cap < q->len + more)
		cap *= 2;
	if (cap == q->cap)
		return true;
	text = arena_alloc(q->a, cap);
	if (!text) {
		q->is_short = true;
		return false;
	}
	if (q->len)
		memcpy(text, q->text, q->len + 1);
	q->text = text;
	q->cap = cap;
	return true;
}

void request_add(struct request *q, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && grow(q, (size_t)n + 1)) {
		vsnprintf(q->text + q->len, (size_t)n + 1, fmt, again);
		q->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void request_word(struct request *q, const char *s)
{
	request_add(q, *s ? " " : " %%");
	for (; *s; s++)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("_-./:@\\", *s))
			request_add(q, "%c", *s);
		else
			request_add(q, "%%%02x", (unsigned char)*s);
}

static void add_u64(struct request *q, const char *name, uint64_t v)
{
	request_add(q, "property %s t %" PRIu64 "\n", name, v);
}

/* Limits that may be 0 for the kernel but not for systemd are 1 there: the file
 * gets the 0, and a value that systemd writes again is nearly as low. */
static void add_max(struct request *q, const char *name, uint64_t v)
{
	static const char *const names[] = { "MemoryHigh", "MemoryLimit",
					     "MemoryMax", "TasksMax" };

	for (size_t i = 0; i < ARRAY_SIZE(names) && v == 0; i++)
		if (strcmp(name, names[i]) == 0)
			v = 1;
	add_u64(q, name, v);
}

/* -1 is "no limit": the highest number, which systemd calls infinity. */
static void add_limit(struct request *q, const char *name,
		      const struct conf_i64 *v)
{
	if (v->given)
		add_max(q, name, v->v < 0 ? UINT64_MAX : (uint64_t)v->v);
}

/* The kernel takes the nearest it has, systemd refuses. */
static uint64_t cpu_shares(uint64_t v)
{
	return v < 2 ? 2 : v > 262144 ? 262144 : v;
}

/* A bit a processor or memory node, the lowest first (AllowedCPUs). */
static int add_set(struct request *q, const char *name, const char *list,
		   const char *field, struct err *e)
{
	enum { MAX = 8192 };
	unsigned long bits[MAX / (8 * sizeof(long))] = { 0 };
	size_t n = 0;

	if (!list || !*list)
		return 0;
	if (num_list(list, bits, MAX) < 0)
		return err_input(e,
				 "linux.resources.%s: expected a list as "
				 "\"0-3,7\", not \"%s\"",
				 field, list);
	for (size_t i = 0; i < MAX; i++)
		if (bits[i / (8 * sizeof(long))] >> i % (8 * sizeof(long)) & 1)
			n = i / 8 + 1;
	request_add(q, "optional %s ay %zu", name, n);
	for (size_t i = 0; i < n; i++)
		request_add(q, " %u",
			    (unsigned)(bits[i / sizeof(long)] >>
				       8 * (i % sizeof(long)) & 0xff));
	request_add(q, "\n");
	return 0;
}

/* Microseconds in a second; systemd rounds to 10 ms, so a bit more it is. */
static void add_quota(struct request *q, int64_t quota, uint64_t period)
{
	uint64_t sec = UINT64_MAX, p = period ? period : 100000;

	if (quota > 0 && (uint64_t)quota <= UINT64_MAX / 1000000) {
		sec = (uint64_t)quota * 1000000 / p;
		if (sec % 10000 || sec == 0)
			sec = (sec / 10000 + 1) * 10000;
	}
	add_u64(q, "CPUQuotaPerSecUSec", sec);
	if (period)
		request_add(q, "optional CPUQuotaPeriodUSec t %" PRIu64 "\n",
			    period);
}

static void add_cpu(struct request *q, const struct cgroup *g,
		    const struct conf_resources *res)
{
	bool is_idle = res->cpu_idle.given && res->cpu_idle.v == 1;

	if (g->is_v2_only && is_idle) /* since systemd 252 */
		request_add(q, "optional CPUWeight t 0\n");
	else if (res->cpu_shares.given && res->cpu_shares.v)
		add_u64(q, g->is_v2_only ? "CPUWeight" : "CPUShares",
			g->is_v2_only ? (uint64_t)cgroup_cpu_weight(
						res->cpu_shares.v)
				      : cpu_shares(res->cpu_shares.v));
	if (res->cpu_quota.given || res->cpu_period.given)
		add_quota(q, res->cpu_quota.given ? res->cpu_quota.v : -1,
			  res->cpu_period.given ? res->cpu_period.v : 0);
}

static void add_memory(struct request *q, const struct cgroup *g,
		       const struct conf_resources *res)
{
	struct conf_i64 swap = res->mem_swap;

	if (!g->is_v2_only) {
		add_limit(q, "MemoryLimit", &res->mem_limit);
		return;
	}
	add_limit(q, "MemoryMax", &res->mem_limit);
	add_limit(q, "MemoryLow", &res->mem_reservation);
	/* Memory and swap together; a sum without the one is refused where the
	 * files are written. */
	if (swap.given && swap.v >= 0) {
		swap.given = res->mem_limit.given && res->mem_limit.v >= 0 &&
			     swap.v >= res->mem_limit.v;
		swap.v -= res->mem_limit.v;
	}
	add_limit(q, "MemorySwapMax", &swap);
}

/* "max" or a number; anything else is left to the kernel's opinion. */
static void add_raw(struct request *q, const char *name, const char *text)
{
	uint64_t v = UINT64_MAX;

	if (strcmp(text, "max") == 0 || num_u64(text, UINT64_MAX, &v) == 0)
		add_max(q, name, v);
}

static void add_raw_quota(struct request *q, const char *text)
{
	char quota[32] = "", period[32] = "";
	uint64_t p = 0;
	int64_t v = -1;

	if (sscanf(text, "%31s %31s", quota, period) < 1 ||
	    (strcmp(quota, "max") != 0 && num_i64(quota, &v) < 0) ||
	    (*period && num_u64(period, UINT64_MAX, &p) < 0))
		return;
	add_quota(q, v, p);
}

static int add_unified(struct request *q, const struct conf_pair *u,
		       struct err *e)
{
	static const struct {
		const char *file, *property;
	} rows[] = {
		{ "cpu.weight", "CPUWeight" },
		{ "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" },
		{ "memory.max", "MemoryMax" },
		{ "memory.min", "MemoryMin" },
		{ "memory.swap.max", "MemorySwapMax" },
		{ "pids.max", "TasksMax" },
	};

	if (strcmp(u->key, "cpu.max") == 0)
		add_raw_quota(q, u->value);
	if (strcmp(u->key, "cpuset.cpus") == 0)
		return add_set(q, "AllowedCPUs", u->value,
			       "unified.cpuset.cpus", e);
	if (strcmp(u->key, "cpuset.mems") == 0)
		return add_set(q, "AllowedMemoryNodes", u->value,
			       "unified.cpuset.mems", e);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(u->key, rows[i].file) == 0)
			add_raw(q, rows[i].property, u->value);
	return 0;
}

int unit_properties(struct request *q, const struct cgroup *g,
		    const struct conf_resources *res, struct err *e)
{
	int r;

	add_memory(q, g, res);
	add_cpu(q, g, res);
	add_limit(q, "TasksMax", &res->pids_limit);
	if (res->io_weight.given && res->io_weight.v)
		add_u64(q, g->is_v2_only ? "IOWeight" : "BlockIOWeight",
			g->is_v2_only ? (uint64_t)cgroup_io_weight(
						res->io_weight.v)
				      : res->io_weight.v);
	r = add_set(q, "AllowedCPUs", res->cpus, "cpu.cpus", e);
	if (r == 0)
		r = add_set(q, "AllowedMemoryNodes", res->mems, "cpu.mems", e);
	for (size_t i = 0; i < res->n_unified && r == 0; i++)
		r = add_unified(q, &res->unified[i], e);
	return r;
}

/* --- devices --- */

/* "/dev/char/1:3", "char-136" (all of a major number) or "char-*": systemd
 * takes the numbers from these names and needs no such file. */
static void add_device(struct request *q, char type, const struct conf_dev_rule *d)
{
	const char *kind = type == 'b' ? "block" : "char";
	char name[64], access[4];

	if (d->major < 0)
		snprintf(name, sizeof(name), "%s-*", kind);
	else if (d->minor < 0)
		snprintf(name, sizeof(name), "%s-%" PRId64, kind, d->major);
	else
		snprintf(name, sizeof(name), "/dev/%s/%" PRId64 ":%" PRId64,
			 kind, d->major, d->minor);
	snprintf(access, sizeof(access), "%s%s%s", d->read ? "r" : "",
		 d->write ? "w" : "", d->mknod ? "m" : "");
	request_word(q, name);
	request_word(q, access);
}

/* How many entries a rule is: systemd has no type for both. */
static size_t n_kinds(const struct conf_dev_rule *d)
{
	if (!d->allow)
		return 0;
	return d->type == 'a' ? 2 : 1;
}

static void add_kinds(struct request *q, const struct conf_dev_rule *d)
{
	if (d->allow && d->type != 'b')
		add_device(q, 'c', d);
	if (d->allow && d->type != 'c')
		add_device(q, 'b', d);
}

/* systemd has no entry that forbids: its list may allow more than the rules
 * do, never less, and cgroup_devices() draws the line. What a rule for
 * everything takes back is not listed. */
void unit_devices(struct request *q, const struct conf_dev_rule *rules,
		  size_t n)
{
	const struct conf_dev_rule *all = NULL, *more;
	size_t n_more, count = 0, first = 0;

	for (size_t i = 0; i < n; i++)
		if (rules[i].type == 'a' && rules[i].major < 0 &&
		    rules[i].minor < 0) {
			all = &rules[i];
			first = i + 1;
		}
	more = cgroup_default_devices(&n_more);
	if (all && all->allow) {
		request_add(q, "property DevicePolicy s auto\n"
			       "property DeviceAllow a(ss) 0\n");
		return;
	}
	for (size_t i = first; i < n; i++)
		count += n_kinds(&rules[i]);
	request_add(q, "property DevicePolicy s strict\n"
		       "property DeviceAllow a(ss) %zu",
		    count + n_more);
	for (size_t i = first; i < n; i++)
		add_kinds(q, &rules[i]);
	for (size_t i = 0; i < n_more; i++)
		add_kinds(q, &more[i]);
	request_add(q, "\n");
}
