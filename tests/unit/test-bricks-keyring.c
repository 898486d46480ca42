/* SPDX-License-Identifier: Apache-2.0 */
#include "bricks/table.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "tap.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const struct brick *const table[] = { &brick_keyring, NULL };
static const struct host host;

static long key_in_session(void)
{
	return syscall(SYS_add_key, "user", "hull-test", "secret", 6,
		       KEY_SPEC_SESSION_KEYRING);
}

static int apply(bool new_keyring)
{
	struct arena a;
	struct plan *p;
	struct conf c;
	struct run r;

	arena_init(&a);
	conf_init(&c, &a);
	run_init(&r, &c);
	c.new_keyring = new_keyring;
	if (plan_make(table, &c, &host, &a, &p, NULL) < 0)
		return -1;
	return plan_apply(p, PHASE_LOCK, &r, NULL);
}

/* 0: the caller's key can be read behind the brick, else the errno. */
static int read_behind(bool new_keyring)
{
	char text[16];
	long key;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return 77;
	key = key_in_session();
	if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)) != 6)
		return 77;
	if (apply(new_keyring) < 0)
		return 78;
	if (syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
		    "hull-test", 0) >= 0 && new_keyring)
		return 79;
	return syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)) < 0 ? errno : 0;
}

static int in_child(bool new_keyring)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(read_behind(new_keyring));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void the_callers_keys_stay_outside(void)
{
	CHECK_INT(in_child(true), EACCES);
}

/* --no-new-keyring: shows that the test above could fail. */
static void without_it_they_are_shared(void)
{
	CHECK_INT(in_child(false), 0);
}

int main(void)
{
	if (in_child(false) == 77) {
		printf("ok 1 - keyring # SKIP no keys in this kernel\n1..1\n");
		return 0;
	}
	TEST(the_callers_keys_stay_outside);
	TEST(without_it_they_are_shared);
	return tap_end();
}
