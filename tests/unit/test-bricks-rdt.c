/* SPDX-License-Identifier: Apache-2.0 */
/* On a made-up resctrl tree: make() puts the files into a new directory that the
 * kernel would put there. */
#include "bricks/rdt-priv.h"
#include "bricks/rdt.h"

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "conf/rdt.h"
#include "sys/file.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static struct rdt_tree tree;
static struct err err;
static bool made;

static void put_file(int dir_fd, const char *path, const char *text)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# cannot make %s\n", path);
	if (fd >= 0)
		close(fd);
}

static int make_group(int root_fd, const char *name)
{
	char path[256];

	if (mkdirat(root_fd, name, 0755) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/tasks", name);
	put_file(root_fd, path, "");
	snprintf(path, sizeof(path), "%s/schemata", name);
	put_file(root_fd, path, "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n");
	snprintf(path, sizeof(path), "%s/mon_groups", name);
	(void)mkdirat(root_fd, path, 0755);
	return 0;
}

static const char *file(const char *path)
{
	static char text[512];

	if (sys_read_file(tree.root_fd, path, text, sizeof(text)) < 0)
		return "(none)";
	return text;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void begin(void)
{
	snprintf(root, sizeof(root), "/tmp/hull-rdt-%d", (int)getpid());
	CHECK_INT(mkdir(root, 0755), 0);
	tree.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree.make = make_group;
	CHECK(tree.root_fd >= 0);
	CHECK_INT(mkdirat(tree.root_fd, "info", 0755), 0);
	put_file(tree.root_fd, "info/last_cmd_status", "ok\n");
	put_file(tree.root_fd, "schemata", "L3:0=fffff\n");
	made = false;
}

static void end(void)
{
	close(tree.root_fd);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void a_class_of_its_own_is_made(void)
{
	const char *const lines[] = { "MB:0=50", "L2:0=f" };
	const struct conf_intel_rdt rdt = {
		.given = true,
		.l3_cache_schema = "L3:0=ff;1=f0",
		.schemata = { lines, 2 },
	};

	begin();
	CHECK_INT(rdt_class(&tree, "c1", &rdt, &made, &err), 0);
	CHECK(made);
	CHECK(strncmp(file("c1/schemata"), "L3:0=ff;1=f0\nMB:0=50\nL2:0=f\n",
		      28) == 0);
	CHECK_INT(rdt_add_task(&tree, "c1", 4711, &err), 0);
	CHECK_STR(file("c1/tasks"), "4711");
	made = false;
	CHECK_INT(rdt_class(&tree, "c1", &rdt, &made, &err), -EEXIST);
	CHECK(!made);
	end();
}

static void a_named_class_is_compared(void)
{
	static const struct {
		const char *l3, *mb;
		int ret;
	} rows[] = {
		{ NULL, NULL, 0 },
		{ "L3:0=fffff;1=fffff", NULL, 0 },
		{ "L3:1=0FFFFF", "MB:0=100", 0 },
		{ "L3:0=ffff", NULL, -EINVAL },
		{ "L3:2=fffff", NULL, -EINVAL },
		{ NULL, "MB:1=10", -EINVAL },
		{ "L2:0=fffff", NULL, -EINVAL },
		{ "L3:0", NULL, -EINVAL },
		{ "nonsense", NULL, -EINVAL },
	};

	begin();
	CHECK_INT(make_group(tree.root_fd, "gold"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conf_intel_rdt rdt = {
			.given = true,
			.clos_id = "gold",
			.l3_cache_schema = rows[i].l3,
			.mem_bw_schema = rows[i].mb,
		};

		CHECK_INT(rdt_class(&tree, "gold", &rdt, &made, &err),
			  rows[i].ret);
		CHECK(!made);
	}
	CHECK_STR(err.text, "linux.intelRdt: the class gold is there, but not "
			    "with \"nonsense\"");
	end();
}

static void a_named_class_is_made_only_with_a_schemata(void)
{
	struct conf_intel_rdt rdt = { .given = true, .clos_id = "new" };

	begin();
	CHECK_INT(rdt_class(&tree, "new", &rdt, &made, &err), -EINVAL);
	CHECK_STR(err.text, "linux.intelRdt.closID: there is no class new");
	rdt.mem_bw_schema = "MB:0=20";
	CHECK_INT(rdt_class(&tree, "new", &rdt, &made, &err), 0);
	CHECK(made);
	CHECK(strncmp(file("new/schemata"), "MB:0=20\n", 8) == 0);
	end();
}

static void a_running_containers_class_is_changed(void)
{
	const struct conf_intel_rdt both = { .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:1=20" };
	const struct conf_intel_rdt two_lines = { .l3_cache_schema = "L3:0=f\nMB:0=10" };
	const struct conf_intel_rdt nonsense = { .mem_bw_schema = "20" };

	begin();
	CHECK_INT(rdt_change(&tree, "c1", &both, &err), -ENOENT);
	CHECK_INT(make_group(tree.root_fd, "c1"), 0);
	CHECK_INT(rdt_change(&tree, "c1", &two_lines, &err), -EINVAL);
	CHECK_INT(rdt_change(&tree, "c1", &nonsense, &err), -EINVAL);
	CHECK(strncmp(file("c1/schemata"), "    MB:0=100", 12) == 0);
	CHECK_INT(rdt_change(&tree, "c1", &both, &err), 0);
	CHECK(strncmp(file("c1/schemata"), "L3:0=f\nMB:1=20\n", 15) == 0);
	end();
}

static void only_an_own_class_is_changed(void)
{
	const struct conf_intel_rdt change = { .l3_cache_schema = "L3:0=f" };
	struct arena a;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.id = "c1";
	CHECK_INT(rdt_update(&c, &change, &err), -EINVAL);
	CHECK(strstr(err.text, "no Intel RDT class of its own"));
	c.rdt.given = true;
	c.rdt.clos_id = "gold";
	CHECK_INT(rdt_update(&c, &change, &err), -EINVAL);
	CHECK(strstr(err.text, "no Intel RDT class of its own"));
	arena_done(&a);
}

static void a_symlink_is_no_class(void)
{
	const struct conf_intel_rdt rdt = { .given = true, .clos_id = "l" };

	begin();
	CHECK_INT(symlinkat("info", tree.root_fd, "l"), 0);
	CHECK(rdt_class(&tree, "l", &rdt, &made, &err) < 0);
	end();
}

static void a_group_is_monitored(void)
{
	const struct conf_intel_rdt rdt = { .given = true, .clos_id = "/" };

	begin();
	CHECK_INT(mkdirat(tree.root_fd, "mon_groups", 0755), 0);
	put_file(tree.root_fd, "tasks", "");
	CHECK_INT(rdt_class(&tree, ".", &rdt, &made, &err), 0);
	CHECK(!made);
	CHECK_INT(rdt_monitor(&tree, "./mon_groups/c", &made, &err), 0);
	CHECK(made);
	CHECK_INT(rdt_add_task(&tree, "./mon_groups/c", 5, &err), 0);
	CHECK_STR(file("mon_groups/c/tasks"), "5");
	CHECK_INT(rdt_add_task(&tree, "nowhere", 5, &err), -ENOENT);
	end();
}

/* Which directory goes with the container, and which stays. */
static void names(void)
{
	struct arena a;
	struct conf c;

	arena_init(&a);
	conf_init(&c, &a);
	c.id = "c1";
	CHECK_STR(conf_rdt_own(&c, &a), "");
	c.rdt.given = true;
	CHECK_STR(conf_rdt_own(&c, &a), "/sys/fs/resctrl/c1");
	c.rdt.clos_id = "gold";
	CHECK_STR(conf_rdt_own(&c, &a), "");
	c.rdt.enable_monitoring = true;
	CHECK_STR(conf_rdt_own(&c, &a), "/sys/fs/resctrl/gold/mon_groups/c1");
	c.rdt.clos_id = "/";
	CHECK_STR(conf_rdt_class(&c), ".");
	arena_done(&a);
}

int main(void)
{
	TEST(a_class_of_its_own_is_made);
	TEST(a_named_class_is_compared);
	TEST(a_named_class_is_made_only_with_a_schemata);
	TEST(a_running_containers_class_is_changed);
	TEST(only_an_own_class_is_changed);
	TEST(a_symlink_is_no_class);
	TEST(a_group_is_monitored);
	TEST(names);
	return tap_end();
}
