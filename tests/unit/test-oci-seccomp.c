/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/config-priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "filter/policy.h"
#include "tap.h"

#include <errno.h>
#include <linux/seccomp.h>

static struct arena arena;
static struct err err;
static struct conf conf;

static int load(const char *text, const struct filter_policy **p)
{
	struct read r = { .arena = &arena, .conf = &conf, .e = &err };
	struct json_at root;

	conf_init(&conf, &arena);
	CHECK_INT(json_load("seccomp", text, strlen(text), &arena, &root, &err),
		  0);
	*p = NULL;
	return oci_seccomp(&r, &root, p);
}

static void a_policy_is_read(void)
{
	const struct filter_policy *p;
	const struct filter_rule *rule;

	CHECK_INT(load("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		       "\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_AARCH64\"],"
		       "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\","
		       "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],"
		       "\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\","
		       "\"syscalls\":[{\"names\":[\"read\",\"nosuch\"],"
		       "\"action\":\"SCMP_ACT_ALLOW\"},"
		       "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_NOTIFY\","
		       "\"args\":[{\"index\":5,\"value\":18446744073709551615,"
		       "\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		       "{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\"},"
		       "{\"names\":[\"b\"],\"action\":\"SCMP_ACT_TRACE\","
		       "\"errnoRet\":65535},"
		       "{\"names\":[\"c\"],\"action\":\"SCMP_ACT_KILL\"}]}", &p), 0);
	CHECK(p->default_action == FILTER_ERRNO && p->default_data == 38);
	CHECK_INT(p->archs, 1u << FILTER_X86 | 1u << FILTER_AARCH64 |
				    1u << filter_native_arch());
	CHECK_INT(p->flags, SECCOMP_FILTER_FLAG_LOG |
				    SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	CHECK_STR(p->listener_path, "/s");
	CHECK_STR(p->listener_metadata, "m");
	CHECK_INT(p->n_rules, 5);
	rule = p->rules;
	CHECK(rule[0].action == FILTER_ALLOW && rule[0].n_names == 2);
	CHECK_STR(rule[0].names[1], "nosuch");
	CHECK(rule[1].action == FILTER_NOTIFY && rule[1].n_conds == 1);
	CHECK(rule[1].conds[0].index == 5 && rule[1].conds[0].value == UINT64_MAX);
	CHECK(rule[1].conds[0].op == FILTER_MASKED_EQ);
	CHECK_INT(rule[1].conds[0].value_two, 2);
	CHECK(rule[2].action == FILTER_ERRNO && rule[2].data == EPERM);
	CHECK(rule[3].action == FILTER_TRACE && rule[3].data == 65535);
	CHECK(rule[4].action == FILTER_KILL_THREAD && rule[4].data == 0);
}

static void the_least(void)
{
	const struct filter_policy *p;

	CHECK_INT(load("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", &p), 0);
	CHECK(p->default_action == FILTER_ALLOW && p->default_data == 0);
	CHECK(p->flags == 0 && p->n_rules == 0 && !p->listener_path);
	CHECK_INT(p->archs, 1u << filter_native_arch());
}

#define D "{\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define RULE(x) D ",\"syscalls\":[{\"names\":[\"a\"],\"action\":" x "}]}"

static void faults(void)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "{}", "seccomp: defaultAction: missing" },
		{ "{\"defaultAction\":\"ALLOW\"}",
		  "seccomp: defaultAction: unknown seccomp action \"ALLOW\"" },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		  "seccomp: SCMP_ACT_NOTIFY needs a listenerPath" },
		{ D ",\"defaultErrnoRet\":1}",
		  "seccomp: defaultErrnoRet: SCMP_ACT_ALLOW returns no errno" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
		  "seccomp: defaultErrnoRet: expected a number from 0 to 4095, found "
		  "4096" },
		{ D ",\"architectures\":[\"X86\"]}",
		  "seccomp: architectures[0]: unknown architecture \"X86\"" },
		{ D ",\"flags\":[\"LOG\"]}",
		  "seccomp: flags[0]: unknown seccomp flag \"LOG\"" },
		{ D ",\"listenerMetadata\":\"m\"}",
		  "seccomp: listenerMetadata needs a listenerPath" },
		{ D ",\"listenerPath\":\"s\"}",
		  "seccomp: the listener \"s\" is not an absolute path" },
		{ RULE("\"SCMP_ACT_NOTIFY\""),
		  "seccomp: SCMP_ACT_NOTIFY needs a listenerPath" },
		{ RULE("\"SCMP_ACT_KILL\",\"errnoRet\":1"),
		  "seccomp: syscalls[0].errnoRet: SCMP_ACT_KILL_THREAD returns no "
		  "errno" },
		{ RULE("\"SCMP_ACT_ERRNO\",\"errnoRet\":-1"),
		  "seccomp: syscalls[0].errnoRet: expected a number from 0 to 4095, "
		  "found -1" },
		{ RULE("\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":0,"
		       "\"op\":\"SCMP_CMP_EQ\"}]"),
		  "seccomp: syscalls[0].args[0].index: expected a number from 0 to "
		  "5, found 6" },
		{ RULE("\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":0,"
		       "\"op\":\"==\"}]"),
		  "seccomp: syscalls[0].args[0].op: unknown operator \"==\"" },
		{ RULE("\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":0}]"),
		  "seccomp: syscalls[0].args[0].op: missing" },
		{ D ",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}",
		  "seccomp: syscalls[0].names: needs at least one system call" },
		{ D ",\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]}",
		  "seccomp: syscalls[0].names: missing" },
	};
	const struct filter_policy *p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(load(bad[i].text, &p), -EINVAL);
		CHECK_STR(err.text, bad[i].words);
	}
}

static void the_annotation_names_a_listener(void)
{
	static const char text[] = RULE("\"SCMP_ACT_NOTIFY\"");
	const struct conf_pair pair = { "run.oci.seccomp.receiver", "/r" };
	struct read r = { .arena = &arena, .conf = &conf, .e = &err };
	const struct filter_policy *p = NULL;
	struct json_at root;

	conf_init(&conf, &arena);
	conf.annotations = &pair;
	conf.n_annotations = 1;
	CHECK_INT(json_load("s", text, strlen(text), &arena, &root, &err), 0);
	CHECK_INT(oci_seccomp(&r, &root, &p), 0);
	CHECK_STR(p->listener_path, "/r");
}

int main(void)
{
	arena_init(&arena);
	TEST(a_policy_is_read);
	TEST(the_least);
	TEST(faults);
	TEST(the_annotation_names_a_listener);
	arena_done(&arena);
	return tap_end();
}
