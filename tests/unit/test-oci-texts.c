/* SPDX-License-Identifier: Apache-2.0 */
/* What state, spec and features print. */
#include "base/arena.h"
#include "base/err.h"
#include "bricks/table.h"
#include "filter/profile.h"
#include "oci/config.h"
#include "oci/features.h"
#include "oci/spec.h"
#include "oci/state.h"
#include "parse/json.h"
#include "plan/brick.h"
#include "tap.h"

#include <errno.h>
#include <linux/mount.h>

static struct arena arena;
static struct err err;

static void the_state(void)
{
	const struct conf_pair pairs[] = { { "a\"", "b\n" }, { "c", "" } };
	const struct state s = {
		.id = "x",
		.pid = 42,
		.bundle = "/b",
		.rootfs = "/b/r",
		.created = "2026-11-23T22:00:00.5Z",
		.owner = 1000,
	};
	const char *text;
	struct conf c;

	conf_init(&c, &arena);
	c.annotations = pairs;
	c.n_annotations = 2;
	CHECK_INT(oci_state_text(&s, STATUS_RUNNING, &c, &text, &err), 0);
	CHECK_STR(text, "{\n"
			"  \"ociVersion\": \"1.3.0\",\n"
			"  \"id\": \"x\",\n"
			"  \"pid\": 42,\n"
			"  \"status\": \"running\",\n"
			"  \"bundle\": \"/b\",\n"
			"  \"rootfs\": \"/b/r\",\n"
			"  \"created\": \"2026-11-23T22:00:00.5Z\",\n"
			"  \"annotations\": {\n"
			"    \"a\\\"\": \"b\\n\",\n"
			"    \"c\": \"\"\n"
			"  },\n"
			"  \"owner\": \"#1000\"\n"
			"}\n");
	c.n_annotations = 0;
	CHECK_INT(oci_state_text(&s, STATUS_STOPPED, &c, &text, &err), 0);
	CHECK(strstr(text, "\"pid\": 0,\n  \"status\": \"stopped\""));
	CHECK(!strstr(text, "annotations"));
}

static void check_rule(const struct filter_rule *a, const struct filter_rule *b)
{
	CHECK(a->action == b->action && a->data == b->data);
	CHECK(a->n_names == b->n_names && a->n_conds == b->n_conds);
	for (size_t i = 0; i < a->n_names; i++)
		CHECK_STR(a->names[i], b->names[i]);
	for (size_t i = 0; i < a->n_conds; i++) {
		CHECK(a->conds[i].index == b->conds[i].index);
		CHECK(a->conds[i].op == b->conds[i].op);
		CHECK(a->conds[i].value == b->conds[i].value);
		CHECK(a->conds[i].value_two == b->conds[i].value_two);
	}
}

/* What the spec's text says is the profile that the program carries. */
static void check_profile(const struct filter_policy *p)
{
	const struct filter_policy *d = &filter_profile_default;

	CHECK(p && p->default_action == d->default_action);
	CHECK(p->default_data == d->default_data && p->flags == d->flags);
	CHECK(p->archs == (d->archs | 1u << filter_native_arch()));
	CHECK_INT(p->n_rules, d->n_rules);
	for (size_t i = 0; i < p->n_rules; i++)
		check_rule(&p->rules[i], &d->rules[i]);
}

static void check_spec(bool rootless, struct conf *c)
{
	const struct oci_read o = { .name = "spec", .bundle = "/b" };
	const char *text, *again;
	const struct conf_caps *caps = &c->process.caps;

	CHECK_INT(oci_spec_text(rootless, 1000, 1001, &arena, &text, &err), 0);
	CHECK_INT(oci_spec_text(rootless, 1000, 1001, &arena, &again, &err), 0);
	CHECK_STR(text, again);
	conf_init(c, &arena);
	CHECK_INT(oci_config_read(text, strlen(text), &o, c, &err), 0);
	CHECK_INT(conf_check(c, &err), 0);
	CHECK_INT(caps->bounding, 1 << 5 | 1 << 10 | 1 << 29);
	CHECK(caps->permitted == caps->bounding);
	CHECK(!caps->inheritable && !caps->ambient);
	CHECK(c->process.no_new_privs && c->root.is_readonly);
	for (int k = 0; k < NS_MAX_; k++)
		CHECK_INT(c->ns[k].mode,
			  k == NS_TIME || (k == NS_USER && !rootless)
				  ? PART_OFF
				  : PART_OWN);
	check_profile(c->seccomp);
	CHECK(c->masked_paths.n >= 13 && c->readonly_paths.n == 5);
}

static void the_spec_is_tight(void)
{
	struct conf c;

	check_spec(false, &c);
	CHECK_INT(c.cgroup.res.n_dev_rules, 1);
	CHECK(!c.cgroup.res.dev_rules[0].allow);
	CHECK_INT(c.cgroup.res.pids_limit.v, 2048);
	CHECK_STR(c.mounts[0].destination, "/proc");
	CHECK_INT(c.mounts[0].flags, MS_NOSUID | MS_NOEXEC | MS_NODEV);
	CHECK(strstr(c.mounts[2].data, "gid=5"));
}

static void the_rootless_spec_maps_the_caller(void)
{
	struct conf c;

	check_spec(true, &c);
	CHECK(c.idmaps.n_uid == 1 && c.idmaps.uid[0].host_id == 1000);
	CHECK(c.idmaps.gid[0].host_id == 1001 && c.idmaps.gid[0].size == 1);
	CHECK_INT(c.cgroup.res.n_dev_rules, 0);
	CHECK(!strstr(c.mounts[2].data, "gid="));
}

static struct json_at member(const struct json_at *at, const char *key)
{
	struct json_at m = json_get(at, key);

	if (!m.v)
		printf("# no member %s\n", key);
	return m;
}

static bool has_brick(const char *name)
{
	for (size_t i = 0; bricks[i]; i++)
		if (strcmp(bricks[i]->name, name) == 0)
			return true;
	return false;
}

/* A part is promised when its brick is there, and only then. */
static void the_features_are_what_is_there(void)
{
	static const struct {
		const char *object, *brick;
	} parts[] = {
		{ "seccomp", "seccomp" },
		{ "apparmor", "lsm" },
		{ "selinux", "lsm" },
		{ "intelRdt", "intel-rdt" },
		{ "netDevices", "network" },
	};
	struct json_at root, linux_, m, on;
	const char *text;
	bool value;

	CHECK_INT(oci_features_text(&arena, &text, &err), 0);
	CHECK_INT(json_load("features", text, strlen(text), &arena, &root,
			    &err), 0);
	linux_ = member(&root, "linux");
	CHECK(linux_.v);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		m = member(&linux_, parts[i].object);
		on = member(&m, "enabled");
		CHECK(on.v && json_bool(&on, &value, &err) == 0);
		if (value != has_brick(parts[i].brick))
			printf("# %s\n", parts[i].object);
		CHECK(value == has_brick(parts[i].brick));
	}
	m = member(&linux_, "namespaces");
	CHECK_INT(m.v->n, 8);
	m = member(&linux_, "capabilities");
	CHECK_INT(m.v->n, 41);
	m = member(&root, "hooks");
	CHECK_INT(m.v->n, 6);
	CHECK_STR(member(&root, "ociVersionMax").v->text, "1.3.0");
}

/* Every word that is told is read, and means something. */
static void told_mount_options_are_known(void)
{
	struct json_at root, list;
	const char *text;

	CHECK_INT(oci_features_text(&arena, &text, &err), 0);
	CHECK_INT(json_load("features", text, strlen(text), &arena, &root,
			    &err), 0);
	list = member(&root, "mountOptions");
	CHECK(list.v && list.v->n > 60);
	for (struct json_at w = json_first(&list); w.v; json_next(&w)) {
		const struct oci_read o = { .name = "m" };
		const struct conf_mount *m;
		size_t n;
		char *json = arena_printf(&arena,
					  "[{\"destination\":\"/\",\"source\":\"/\","
					  "\"type\":\"bind\",\"options\":[\"%s\"]}]",
					  w.v->text);

		CHECK_INT(oci_mounts_read(json, strlen(json), &o, &arena, &m,
					  &n, &err), 0);
		CHECK(!m->data);
		CHECK(strcmp(w.v->text, "defaults") == 0 ||
		      strcmp(w.v->text, "bind") == 0 ||
		      m->flags != MS_BIND || m->clear || m->propagation ||
		      m->rec_set || m->rec_clear || m->extra);
	}
}

static void mounts_alone(void)
{
	static const char object[] = "{\"mounts\":[{\"destination\":\"/a\","
				     "\"type\":\"tmpfs\"}]}";
	static const char bad[] = "[{\"type\":\"tmpfs\"}]";
	const struct oci_read o = { .name = "m.json" };
	const struct conf_mount *m;
	size_t n = 0;

	CHECK_INT(oci_mounts_read(object, strlen(object), &o, &arena, &m, &n,
				  &err), 0);
	CHECK_INT(n, 1);
	CHECK_STR(m->destination, "/a");
	CHECK_INT(oci_mounts_read(bad, strlen(bad), &o, &arena, &m, &n, &err),
		  -EINVAL);
	CHECK_STR(err.text, "m.json: [0].destination: missing");
	CHECK_INT(oci_mounts_read("{}", 2, &o, &arena, &m, &n, &err), -EINVAL);
	CHECK_STR(err.text, "m.json: mounts: missing");
}

int main(void)
{
	arena_init(&arena);
	TEST(the_state);
	TEST(the_spec_is_tight);
	TEST(the_rootless_spec_maps_the_caller);
	TEST(the_features_are_what_is_there);
	TEST(told_mount_options_are_known);
	TEST(mounts_alone);
	arena_done(&arena);
	return tap_end();
}
