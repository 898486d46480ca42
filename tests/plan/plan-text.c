/* SPDX-License-Identifier: Apache-2.0 */
/* plan-text [WORD...] <config.json - prints the plan that would be made for a
 * configuration on a host that is made up, or the error. Needs no privilege and
 * changes nothing: plans are pure.
 *
 *  only=A,B             the steps of these bricks ("clone": the flags of clone3)
 *  exec                 a process that joins, instead of a new container
 *  user                 the caller is an ordinary user (uid 1000)
 *  no-caps              the caller is root with no capabilities of the host
 *  v1, hybrid           the layout of the cgroups (else v2)
 *  apparmor, selinux    what the host has
 *  landlock-abi=N       the same (else 7)
 *  clamp-rlimits        what config.json has no word for
 *  systemd              who makes the cgroups
 *  ll-fs=N, ll-net=N, ll-scope=N, ll-path=N:PATH, ll-connect=PORT,
 *  ll-bind=PORT, ll-best-effort  */
#include "base/arena.h"
#include "base/err.h"
#include "base/scope.h"
#include "bricks/table.h"
#include "conf/conf.h"
#include "host/host.h"
#include "oci/config.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>

static const struct host_cgroup v2[] = { { "/sys/fs/cgroup", "", "/user", true } };
static const struct host_cgroup v1[] = {
	{ "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct", "/", false },
	{ "/sys/fs/cgroup/memory", "memory", "/", false },
	{ "/sys/fs/cgroup/unified", "", "/", true },
};

enum { MAX_RULES = 16 };
static struct conf_landlock_path ll_paths[MAX_RULES];
static uint16_t ll_connect[MAX_RULES], ll_bind[MAX_RULES];

static struct host host = {
	.caps = (2ULL << CAP_LAST_CAP) - 1,
	.cap_last = CAP_LAST_CAP,
	.landlock_abi = 7,
	.cgroup_layout = CGROUP_V2,
	.cgroups = v2,
	.n_cgroups = 1,
};

static void set_host(const char *word)
{
	if (strcmp(word, "user") == 0) {
		host.euid = host.egid = 1000;
		host.is_rootless = true;
		host.caps = 0;
	} else if (strcmp(word, "no-caps") == 0) {
		host.caps = 0;
	} else if (strcmp(word, "v1") == 0) {
		host.cgroup_layout = CGROUP_V1;
		host.cgroups = v1;
		host.n_cgroups = 2;
	} else if (strcmp(word, "hybrid") == 0) {
		host.cgroup_layout = CGROUP_HYBRID;
		host.cgroups = v1;
		host.n_cgroups = 3;
	} else if (strcmp(word, "apparmor") == 0) {
		host.has_apparmor = true;
	} else if (strcmp(word, "selinux") == 0) {
		host.has_selinux = true;
	} else if (strncmp(word, "landlock-abi=", 13) == 0) {
		host.landlock_abi = (int)strtol(word + 13, NULL, 0);
	}
}

static uint64_t value(const char *word)
{
	return strtoull(strchr(word, '=') + 1, NULL, 0);
}

static void set_landlock(struct conf_landlock *l, const char *word)
{
	l->given = true;
	l->paths = ll_paths;
	l->connect_ports = ll_connect;
	l->bind_ports = ll_bind;
	if (strncmp(word, "ll-fs=", 6) == 0)
		l->handled_fs = value(word);
	else if (strncmp(word, "ll-net=", 7) == 0)
		l->handled_net = value(word);
	else if (strncmp(word, "ll-scope=", 9) == 0)
		l->scoped = value(word);
	else if (strncmp(word, "ll-connect=", 11) == 0 && l->n_connect_ports < MAX_RULES)
		ll_connect[l->n_connect_ports++] = (uint16_t)value(word);
	else if (strncmp(word, "ll-bind=", 8) == 0 && l->n_bind_ports < MAX_RULES)
		ll_bind[l->n_bind_ports++] = (uint16_t)value(word);
	else if (strncmp(word, "ll-path=", 8) == 0 && l->n_paths < MAX_RULES)
		ll_paths[l->n_paths++] = (struct conf_landlock_path){
			strchr(word, ':') + 1, value(word)
		};
	else
		l->best_effort = true;
}

/* Whether a name is in a list with commas; there is no list: yes. */
static bool is_wanted(const char *list, const char *name)
{
	size_t n = strlen(name);

	if (!list)
		return true;
	for (const char *p = list; (p = strstr(p, name)); p++)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static void print_flags(const struct plan *p)
{
	const char *between = "";

	printf("clone   ");
	for (int k = 0; k < NS_MAX_; k++) {
		if (!(p->clone_flags & ns_clone_flag((enum ns_kind)k)))
			continue;
		printf("%s%s", between, ns_name((enum ns_kind)k));
		between = ", ";
	}
	printf("%s\n", *between ? "" : "no flags");
}

static void print_plan(const struct plan *p, const char *only)
{
	bool is_empty = !is_wanted(only, "clone");

	if (!is_empty)
		print_flags(p);
	for (int phase = 0; phase < PHASE_MAX_; phase++) {
		for (size_t i = 0; i < p->n_ops; i++) {
			const struct op *op = &p->ops[i];

			if ((int)op->phase != phase ||
			    !is_wanted(only, op->brick->name))
				continue;
			is_empty = false;
			printf("%-7s %-13s ", phase_name(op->phase), op->brick->name);
			op->brick->show(op, stdout);
			printf("\n");
		}
	}
	if (is_empty)
		printf("nothing\n");
}

static int make(struct conf *c, bool is_exec, const char *only, struct err *e)
{
	struct plan *p;
	int r = conf_check(c, e);

	if (r == 0)
		r = plan_make(is_exec ? exec_bricks : bricks, c, &host, c->arena, &p, e);
	if (r == 0)
		print_plan(p, only);
	return r;
}

int main(int argc, char **argv)
{
	const struct oci_read how = { .name = "config.json", .bundle = "/bundle" };
	static char text[1 << 20];
	size_t n = fread(text, 1, sizeof(text), stdin);
	struct err e = { 0 };
	const char *only = NULL;
	bool is_exec = false;
	struct arena a;
	struct conf c;
	int r;

	arena_init(&a);
	conf_init(&c, &a);
	r = oci_config_read(text, n, &how, &c, &e);
	c.id = "box";
	c.bundle = "/bundle";
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "ll-", 3) == 0)
			set_landlock(&c.landlock, argv[i]);
		else if (strcmp(argv[i], "clamp-rlimits") == 0)
			c.process.clamp_rlimits = true;
		else if (strcmp(argv[i], "systemd") == 0)
			c.cgroup.manager = CGROUP_SYSTEMD;
		else if (strncmp(argv[i], "only=", 5) == 0)
			only = argv[i] + 5;
		else if (strcmp(argv[i], "exec") == 0)
			is_exec = true;
		else
			set_host(argv[i]);
	}
	for (int k = 0; k < NS_MAX_ && is_exec; k++)
		if (c.ns[k].mode == PART_OWN)
			c.ns[k].mode = PART_JOIN;
	if (r == 0)
		r = make(&c, is_exec, only, &e);
	if (r < 0) {
		char line[1024];

		err_line(&e, line, sizeof(line));
		printf("error   %s\n", line);
		if (e.hint[0])
			printf("hint    %s\n", e.hint);
	}
	arena_done(&a);
	return 0;
}
