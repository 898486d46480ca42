/* SPDX-License-Identifier: Apache-2.0 */
#include "bricks/table.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "filter/policy.h"
#include "host/host.h"
#include "plan/run.h"
#include "tap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TSYNC 1U
#define LOG 2U
#define NEW_LISTENER 8U
#define WAIT_KILLABLE 32U

static const struct brick *const table[] = { &brick_nnp, &brick_seccomp, NULL };
static const char *const calls[] = { "getppid" };
static struct filter_rule rule = { .names = calls, .n_names = 1,
				   .action = FILTER_ERRNO, .data = 99 };
static struct filter_policy policy = { .default_action = FILTER_ALLOW,
				       .rules = &rule, .n_rules = 1 };
static const struct host host;

static int make(struct conf *c, struct arena *a, struct plan **p, struct err *e)
{
	arena_init(a);
	c->arena = a;
	return plan_make(table, c, &host, a, p, e);
}

static struct conf conf_of(const struct filter_policy *p)
{
	struct conf c;

	conf_init(&c, NULL);
	c.seccomp = p;
	c.process.no_new_privs = true;
	return c;
}

/* What SEAL hands over, installed as the leap does it. */
static int in_force(struct conf *c)
{
	struct arena a;
	struct plan *p;
	struct run r;

	run_init(&r, c);
	if (make(c, &a, &p, NULL) < 0 || plan_apply(p, PHASE_SEAL, &r, NULL) < 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, r.filter_flags, r.filter) != 0)
		return 3;
	if (syscall(SYS_getppid) != -1 || errno != 99)
		return 4;
	return syscall(SYS_getpid) > 0 ? 0 : 5;
}

static int in_child(struct conf *c)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_force(c));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void the_policy_comes_into_force(void)
{
	struct conf c = conf_of(&policy);

	CHECK_INT(in_child(&c), 0);
}

/* "ld nr; jeq getppid: ret errno 99; ret allow" */
static void a_given_program_comes_into_force(void)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 99),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = (const unsigned char *)code;
	struct conf c = conf_of(NULL);
	char text[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(code); i += 3) { /* 32 bytes: one pad */
		uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 |
			     (i + 2 < sizeof(code) ? b[i + 2] : 0);

		for (int k = 18; k >= 0; k -= 6)
			text[n++] = letters[v >> k & 63];
	}
	text[n - 1] = '=';
	c.seccomp_bpf = text;
	CHECK_INT(in_child(&c), 0);
}

static int code_of(const char *bpf)
{
	struct conf c = conf_of(NULL);
	struct arena a;
	struct plan *p;
	int r;

	c.seccomp_bpf = bpf;
	r = make(&c, &a, &p, NULL);
	arena_done(&a);
	return r;
}

static void a_given_program_that_is_none_is_refused(void)
{
	CHECK_INT(code_of(""), -EINVAL);
	CHECK_INT(code_of("AAAA"), -EINVAL);
	CHECK_INT(code_of("no base64"), -EINVAL);
	CHECK_INT(code_of("AAAAAAAAAAA="), 0);
}

static uint64_t flags_of(unsigned flags, enum filter_action action, const char *path)
{
	struct filter_policy mine = policy;
	struct filter_rule r = rule;
	struct conf c = conf_of(&mine);
	struct arena a;
	struct plan *p;
	uint64_t got;

	r.action = action;
	mine.rules = &r;
	mine.flags = flags;
	mine.listener_path = path;
	CHECK_INT(make(&c, &a, &p, NULL), 0);
	got = p->ops[p->n_ops - 1].num;
	CHECK((got & NEW_LISTENER) ? p->listener_path == path : !p->listener_path);
	arena_done(&a);
	return got;
}

static void flags_the_kernel_would_refuse_are_left_out(void)
{
	CHECK_INT(flags_of(TSYNC | LOG, FILTER_ERRNO, NULL), LOG);
	CHECK_INT(flags_of(WAIT_KILLABLE, FILTER_ERRNO, NULL), 0);
	CHECK_INT(flags_of(WAIT_KILLABLE | TSYNC, FILTER_NOTIFY, "/l"),
		  NEW_LISTENER | WAIT_KILLABLE);
	/* Nobody is asked, so nobody has to listen. */
	CHECK_INT(flags_of(0, FILTER_ERRNO, "/l"), 0);
}

static void to_ask_nobody_is_refused(void)
{
	struct filter_policy mine = { .default_action = FILTER_NOTIFY };
	struct conf c = conf_of(&mine);
	struct err e = { 0 };
	struct arena a;
	struct plan *p;

	CHECK_INT(make(&c, &a, &p, &e), -EINVAL);
	CHECK(strstr(e.text, "listenerPath"));
	arena_done(&a);
}

int main(void)
{
	TEST(the_policy_comes_into_force);
	TEST(a_given_program_comes_into_force);
	TEST(a_given_program_that_is_none_is_refused);
	TEST(flags_the_kernel_would_refuse_are_left_out);
	TEST(to_ask_nobody_is_refused);
	return tap_end();
}
