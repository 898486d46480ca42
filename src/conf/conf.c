/* SPDX-License-Identifier: Apache-2.0 */
/* conf/conf.c - what a container shall be: names and empty values. */
#include "conf/conf.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct {
	const char *name, *proc;
	uint64_t flag;
} kinds[] = {
	[NS_USER] = { "user", "user", CLONE_NEWUSER },
	[NS_MNT] = { "mount", "mnt", CLONE_NEWNS },
	[NS_PID] = { "pid", "pid", CLONE_NEWPID },
	[NS_NET] = { "network", "net", CLONE_NEWNET },
	[NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[NS_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[NS_TIME] = { "time", "time", CLONE_NEWTIME },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == NS_MAX_, "kinds");

void conf_init(struct conf *c, struct arena *a)
{
	*c = (struct conf){ .arena = a, .bundle_fd = -EBADF };
	for (int k = 0; k < NS_MAX_; k++)
		c->ns[k].fd = -EBADF;
}

const char *ns_name(enum ns_kind kind)
{
	return kinds[kind].name;
}

const char *ns_proc_name(enum ns_kind kind)
{
	return kinds[kind].proc;
}

uint64_t ns_clone_flag(enum ns_kind kind)
{
	return kinds[kind].flag;
}

const char *conf_annotation(const struct conf *c, const char *key)
{
	for (size_t i = 0; i < c->n_annotations; i++)
		if (strcmp(c->annotations[i].key, key) == 0)
			return c->annotations[i].value;
	return NULL;
}
