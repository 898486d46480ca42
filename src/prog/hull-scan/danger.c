/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/danger.c - calls that attackers want, by what they are for.
 *
 * The eighteen calls that "Temporal System Call Specialization" (USENIX Security
 * 2020) names as what exploit code needs, but for clone and mprotect, which
 * nearly every program makes; and what opens large parts of the kernel or other
 * processes (the calls that container engines refuse by default, and bpf,
 * io_uring and their like). docs/scan.md has the list for readers. */
#include "prog/hull-scan/danger.h"

#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct danger kinds[] = {
	{ "executes programs", LIST("execve", "execveat") },
	{ "makes connections", LIST("socket", "connect", "bind", "listen", "accept", "accept4",
				    "sendto", "recvfrom") },
	{ "controls other processes",
	  LIST("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
	       "pidfd_getfd", "kcmp") },
	{ "changes identity",
	  LIST("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
	       "setfsuid", "setfsgid", "capset") },
	{ "changes namespaces and mounts",
	  LIST("unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "open_tree",
	       "open_tree_attr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	       "mount_setattr", "open_by_handle_at", "swapon", "swapoff", "quotactl",
	       "quotactl_fd") },
	{ "changes files' rights", LIST("chmod", "fchmod", "fchmodat", "fchmodat2", "mknod",
					"mknodat") },
	{ "opens large parts of the kernel",
	  LIST("bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register",
	       "userfaultfd", "keyctl", "add_key", "request_key", "modify_ldt", "personality",
	       "vmsplice", "fanotify_init", "lookup_dcookie", "nfsservctl", "uselib") },
	{ "changes the machine",
	  LIST("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
	       "reboot", "iopl", "ioperm", "acct", "settimeofday", "clock_settime",
	       "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog",
	       "vhangup") },
	{ NULL, NULL },
};

const struct danger *danger_kind(size_t i)
{
	return kinds[i].what ? &kinds[i] : NULL;
}

const struct danger *danger_of(const char *name)
{
	for (size_t i = 0; name && kinds[i].what; i++) {
		for (const char *const *v = kinds[i].names; *v; v++) {
			if (strcmp(*v, name) == 0)
				return &kinds[i];
		}
	}
	return NULL;
}
