/* SPDX-License-Identifier: Apache-2.0 */
#include "bricks/table.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "host/host.h"
#include "plan/run.h"
#include "sys/landlock.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct brick *const table[] = { &brick_landlock, NULL };
static struct host host;

static int apply(struct conf *c, struct err *e)
{
	struct arena *a = c->arena;
	struct plan *p;
	struct run r;
	int ret;

	run_init(&r, c);
	ret = plan_make(table, c, &host, a, &p, e);
	if (ret == 0)
		ret = plan_apply(p, PHASE_PIVOT, &r, e);
	if (ret == 0)
		ret = plan_apply(p, PHASE_SEAL, &r, e);
	return ret;
}

static int can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int can_bind(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, r;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	r = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	close(fd);
	return r == 0 || errno == EADDRINUSE;
}

static int files(void)
{
	static const struct conf_landlock_path paths[] = {
		{ "/proc", LL_FS_READ_FILE | LL_FS_READ_DIR },
		{ "/dev/null", LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_WRITE_FILE },
	};
	struct err e = { 0 };
	struct arena a;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.process.no_new_privs = true;
	c.landlock = (struct conf_landlock){
		.given = true, .paths = paths, .n_paths = 2,
		.handled_fs = LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_WRITE_FILE,
	};
	if (apply(&c, &e) < 0)
		return 1;
	if (!can_open("/proc/self/stat", O_RDONLY) || !can_open("/dev/null", O_RDWR))
		return 2;
	return can_open("/etc/passwd", O_RDONLY) || can_open("/dev/zero", O_RDONLY) ? 3 : 0;
}

static int ports(void)
{
	static const uint16_t bind_ports[] = { 40123 };
	struct err e = { 0 };
	struct arena a;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.process.no_new_privs = true;
	c.landlock = (struct conf_landlock){ .given = true, .handled_net = LL_NET_BIND_TCP,
					     .bind_ports = bind_ports, .n_bind_ports = 1 };
	if (apply(&c, &e) < 0)
		return 1;
	return can_bind(40123) && !can_bind(40124) ? 0 : 2;
}

static int missing_path(void)
{
	static const struct conf_landlock_path path = { "/no/such", LL_FS_READ_FILE };
	struct err e = { 0 };
	struct arena a;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.landlock = (struct conf_landlock){ .given = true, .paths = &path, .n_paths = 1,
					     .handled_fs = LL_FS_READ_FILE };
	return apply(&c, &e) == -ENOENT && strstr(e.text, "/no/such") ? 0 : 1;
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void files_are_restricted(void)
{
	CHECK_INT(in_child(files), 0);
}

static void ports_are_restricted(void)
{
	CHECK_INT(in_child(ports), 0);
}

static void a_path_that_is_not_there_is_an_error(void)
{
	CHECK_INT(in_child(missing_path), 0);
}

/* On a kernel without it: never silently. */
static void no_landlock_is_an_error_unless_best_effort(void)
{
	const int abi = host.landlock_abi;
	struct err e = { 0 };
	struct arena a;
	struct plan *p;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.landlock = (struct conf_landlock){ .given = true, .handled_fs = LL_FS_READ_FILE };
	host.landlock_abi = 0;
	CHECK_INT(plan_make(table, &c, &host, &a, &p, &e), -EOPNOTSUPP);
	c.landlock.best_effort = true;
	CHECK_INT(plan_make(table, &c, &host, &a, &p, &e), 0);
	CHECK_INT(p->n_ops, 0);
	host.landlock_abi = abi;
	arena_done(&a);
}

int main(void)
{
	struct arena a;

	arena_init(&a);
	if (host_probe(&host, HOST_LANDLOCK, &a, NULL) < 0)
		return 1;
	if (host.landlock_abi >= 1) {
		TEST(files_are_restricted);
		TEST(a_path_that_is_not_there_is_an_error);
	}
	if (host.landlock_abi >= 4)
		TEST(ports_are_restricted);
	TEST(no_landlock_is_an_error_unless_best_effort);
	arena_done(&a);
	return tap_end();
}
