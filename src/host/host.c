/* SPDX-License-Identifier: Apache-2.0 */
/* host/host.c - what this kernel and this user can do: facts, read only. */
#include "host/host.h"

#include "base/err.h"
#include "host/host-priv.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/nsfs.h: USER_NS_INIT_INO, the same on every machine. */
#define FIRST_USER_NS 0xEFFFFFFDU

static int probe_ids(struct host *h, struct err *e)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = { 0 };
	struct stat st;

	/* What the kernel told us at the start: nothing here changes ids. */
	h->euid = (uid_t)getauxval(AT_EUID);
	h->egid = (gid_t)getauxval(AT_EGID);
	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(e, "read own capabilities");
	h->caps = data[0].effective | (uint64_t)data[1].effective << 32;

	if (stat("/proc/self/ns/user", &st) < 0)
		return err_sys(e, "look at /proc/self/ns/user");
	h->in_userns = st.st_ino != FIRST_USER_NS;
	h->is_rootless = h->euid != 0 || h->in_userns;
	return 0;
}

/* The highest capability that prctl() knows. CAP_CHECKPOINT_RESTORE came with
 * Linux 5.9, which is too old for us anyway (mount_setattr). */
static void probe_last_cap(struct host *h)
{
	int cap = CAP_CHECKPOINT_RESTORE;

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	h->cap_last = cap;
}

static void probe_lsm(struct host *h)
{
	char yes[8];

	h->has_apparmor =
		sys_read_file(AT_FDCWD,
			      "/sys/module/apparmor/parameters/enabled", yes,
			      sizeof(yes)) > 0 &&
		yes[0] == 'Y';
	h->has_selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
}

int host_probe(struct host *h, unsigned what, struct arena *a, struct err *e)
{
	int r;

	*h = (struct host){ 0 };
	r = probe_ids(h, e);
	if (r < 0)
		return r;
	probe_last_cap(h);
	if (what & HOST_LSM)
		probe_lsm(h);
	if (what & HOST_LANDLOCK) {
		long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
				   LANDLOCK_CREATE_RULESET_VERSION);

		h->landlock_abi = abi > 0 ? (int)abi : 0;
	}
	return what & HOST_CGROUPS ? host_probe_cgroups(h, a, e) : 0;
}
