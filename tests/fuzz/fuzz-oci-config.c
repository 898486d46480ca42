/* SPDX-License-Identifier: Apache-2.0 */
/* config.json from anywhere: read, checked as a whole, planned for a host that
 * is made up. Nothing here may touch the kernel. A failure has to leave one
 * line that says something, and no open fd. */
#include "base/arena.h"
#include "base/err.h"
#include "bricks/table.h"
#include "host/host.h"
#include "oci/config.h"
#include "plan/brick.h"
#include "plan/plan.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(int ret, const struct err *e)
{
	char line[ERR_TEXT + 64];

	assert(ret < 0 && e->code == ret);
	err_line(e, line, sizeof(line));
	assert(line[0] && !strchr(line, '\n'));
}

static void warn(void *arg, const char *text)
{
	(void)arg;
	assert(text[0] && !strchr(text, '\n'));
}

static void show(const struct plan *p)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "we");
	for (size_t i = 0; out && i < p->n_ops; i++)
		if (p->ops[i].brick->show)
			p->ops[i].brick->show(&p->ops[i], out);
}

/* A host that can do everything, so that every plan is made. */
static void plan(const struct conf *c, struct arena *a)
{
	const struct host_cgroup v2 = { .mount = "/sys/fs/cgroup",
					.controllers = "",
					.own = "/",
					.is_v2 = true };
	const struct host h = {
		.caps = UINT64_MAX >> 23,
		.cap_last = 40,
		.landlock_abi = 5,
		.cgroup_layout = CGROUP_V2,
		.cgroups = &v2,
		.n_cgroups = 1,
		.has_apparmor = true,
		.has_selinux = true,
	};
	struct plan *p = NULL;
	struct err e = { 0 };
	int ret = plan_make(bricks, c, &h, a, &p, &e);

	if (ret < 0)
		check_error(ret, &e);
	else
		show(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct oci_read o = {
		.name = "config.json",
		.bundle = "/bundle",
		.warn = warn,
	};
	struct err e = { 0 };
	struct arena a;
	struct conf c;
	int ret;

	arena_init(&a);
	conf_init(&c, &a);
	c.id = "fuzz";
	ret = oci_config_read((const char *)data, size, &o, &c, &e);
	if (ret == 0)
		ret = conf_check(&c, &e);
	if (ret == 0)
		plan(&c, &a);
	else
		check_error(ret, &e);
	arena_done(&a);
	return 0;
}

/* Bytes changed at random are rarely JSON still: half of the inputs are changed
 * value by value instead. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
	__attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned seed);

/* Length of the value that begins at data[i]; brackets and quotes in pairs. */
static size_t value_length(const uint8_t *data, size_t size, size_t i)
{
	size_t begin = i;
	int depth = 0;

	for (; i < size; i++) {
		if (data[i] == '"') {
			for (i++; i < size && data[i] != '"'; i++)
				i += data[i] == '\\';
			if (!depth)
				return i < size ? i + 1 - begin : 0;
		} else if (data[i] == '{' || data[i] == '[') {
			depth++;
		} else if (data[i] == '}' || data[i] == ']') {
			if (depth <= 1)
				return depth ? i + 1 - begin : i - begin;
			depth--;
		} else if (!depth && (data[i] == ',' || data[i] == ':')) {
			return i - begin;
		}
	}
	return 0;
}

/* Where a value or a name begins, from a random place on. */
static size_t next_value(const uint8_t *data, size_t size, size_t i)
{
	while (i < size && !memchr("{[,:", data[i], 4))
		i++;
	return i + 1;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned seed)
{
	static const char *const values[] = {
		"0",
		"1",
		"-1",
		"18446744073709551615",
		"9223372036854775807",
		"-9223372036854775808",
		"4294967295",
		"4294967294",
		"1e3",
		"null",
		"true",
		"false",
		"\"\"",
		"\"/\"",
		"\"..\"",
		"\"a/../b\"",
		"\"\\u001b\"",
		"[]",
		"{}",
		"[null]",
		"[[]]",
		"[{}]",
		"[\"\"]",
		"\"0-1,3\"",
		"\"0-99999999999\"",
		"\"idmap=uids=@0-0-4294967295\"",
		"\"net/../kernel\"",
		"65536",
		"341",
		"\"bind\"",
		"\"cgroup\"",
	};
	size_t at, n, from, n_new;
	uint8_t copy[4096];

	if (seed % 2 || size < 4)
		return LLVMFuzzerMutate(data, size, max_size);
	at = next_value(data, size, (seed >> 1) % size);
	n = at < size ? value_length(data, size, at) : 0;
	if (n == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (seed >> 4 & 1) { /* another value of the text */
		from = next_value(data, size, (seed * 2654435761u >> 4) % size);
		n_new = from < size ? value_length(data, size, from) : 0;
		if (n_new > sizeof(copy))
			n_new = 0;
		memcpy(copy, data + (n_new ? from : 0), n_new);
	} else {
		const char *v = values[(seed >> 5) %
				       (sizeof(values) / sizeof(values[0]))];

		n_new = strlen(v);
		memcpy(copy, v, n_new);
	}
	if (size - n + n_new > max_size)
		return size;
	memmove(data + at + n_new, data + at + n, size - at - n);
	memcpy(data + at, copy, n_new);
	return size - n + n_new;
}
