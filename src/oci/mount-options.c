/* SPDX-License-Identifier: Apache-2.0 */
/* oci/mount-options.c - the words of mounts[].options and what they do.
 *
 * Words and meaning: runtime-spec config.md, "Linux mount options"; tmpcopyup
 * of runc, copy-symlink, src-nofollow and dest-nofollow of crun.
 *
 * The kernel keeps one of relatime, noatime and strictatime in a field of
 * MOUNT_ATTR__ATIME, which can only be changed as a whole: each r...atime word
 * clears it all, and the negations (ratime, rnostrictatime, rnorelatime) leave
 * it at the kernel's default, relatime. (runc and crun clear a part of the
 * field, which mount_setattr() refuses.) */
#include "oci/mount-options.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

/* linux/mount.h has them all, but not for every kernel's headers. */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

const struct mount_option mount_options[] = {
	{ "async", MOUNT_CLEAR, MS_SYNCHRONOUS },
	{ "atime", MOUNT_CLEAR, MS_NOATIME },
	{ "bind", MOUNT_SET, MS_BIND },
	{ "copy-symlink", MOUNT_EXTRA, MOUNT_COPYSYMLINK },
	{ "defaults", MOUNT_SET, 0 },
	{ "dest-nofollow", MOUNT_EXTRA, MOUNT_DSTNOFOLLOW },
	{ "dev", MOUNT_CLEAR, MS_NODEV },
	{ "diratime", MOUNT_CLEAR, MS_NODIRATIME },
	{ "dirsync", MOUNT_SET, MS_DIRSYNC },
	{ "exec", MOUNT_CLEAR, MS_NOEXEC },
	{ "idmap", MOUNT_EXTRA, MOUNT_IDMAP },
	{ "iversion", MOUNT_SET, MS_I_VERSION },
	{ "lazytime", MOUNT_SET, MS_LAZYTIME },
	{ "loud", MOUNT_CLEAR, MS_SILENT },
	{ "mand", MOUNT_SET, MS_MANDLOCK },
	{ "noatime", MOUNT_SET, MS_NOATIME },
	{ "nodev", MOUNT_SET, MS_NODEV },
	{ "nodiratime", MOUNT_SET, MS_NODIRATIME },
	{ "noexec", MOUNT_SET, MS_NOEXEC },
	{ "noiversion", MOUNT_CLEAR, MS_I_VERSION },
	{ "nolazytime", MOUNT_CLEAR, MS_LAZYTIME },
	{ "nomand", MOUNT_CLEAR, MS_MANDLOCK },
	{ "norelatime", MOUNT_CLEAR, MS_RELATIME },
	{ "nostrictatime", MOUNT_CLEAR, MS_STRICTATIME },
	{ "nosuid", MOUNT_SET, MS_NOSUID },
	{ "nosymfollow", MOUNT_SET, MS_NOSYMFOLLOW },
	{ "private", MOUNT_PROPAGATION, MS_PRIVATE },
	{ "ratime", MOUNT_REC_ATIME, MOUNT_ATTR_RELATIME },
	{ "rbind", MOUNT_SET, MS_BIND | MS_REC },
	{ "rdev", MOUNT_REC_CLEAR, MOUNT_ATTR_NODEV },
	{ "rdiratime", MOUNT_REC_CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "relatime", MOUNT_SET, MS_RELATIME },
	{ "remount", MOUNT_SET, MS_REMOUNT },
	{ "rexec", MOUNT_REC_CLEAR, MOUNT_ATTR_NOEXEC },
	{ "ridmap", MOUNT_EXTRA, MOUNT_IDMAP | MOUNT_RIDMAP },
	{ "rnoatime", MOUNT_REC_ATIME, MOUNT_ATTR_NOATIME },
	{ "rnodev", MOUNT_REC_SET, MOUNT_ATTR_NODEV },
	{ "rnodiratime", MOUNT_REC_SET, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", MOUNT_REC_SET, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", MOUNT_REC_ATIME, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", MOUNT_REC_ATIME, MOUNT_ATTR_RELATIME },
	{ "rnosuid", MOUNT_REC_SET, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", MOUNT_REC_SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", MOUNT_SET, MS_RDONLY },
	{ "rprivate", MOUNT_PROPAGATION, MS_PRIVATE | MS_REC },
	{ "rrelatime", MOUNT_REC_ATIME, MOUNT_ATTR_RELATIME },
	{ "rro", MOUNT_REC_SET, MOUNT_ATTR_RDONLY },
	{ "rrw", MOUNT_REC_CLEAR, MOUNT_ATTR_RDONLY },
	{ "rshared", MOUNT_PROPAGATION, MS_SHARED | MS_REC },
	{ "rslave", MOUNT_PROPAGATION, MS_SLAVE | MS_REC },
	{ "rstrictatime", MOUNT_REC_ATIME, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", MOUNT_REC_CLEAR, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", MOUNT_REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", MOUNT_PROPAGATION, MS_UNBINDABLE | MS_REC },
	{ "rw", MOUNT_CLEAR, MS_RDONLY },
	{ "shared", MOUNT_PROPAGATION, MS_SHARED },
	{ "silent", MOUNT_SET, MS_SILENT },
	{ "slave", MOUNT_PROPAGATION, MS_SLAVE },
	{ "src-nofollow", MOUNT_EXTRA, MOUNT_SRCNOFOLLOW },
	{ "strictatime", MOUNT_SET, MS_STRICTATIME },
	{ "suid", MOUNT_CLEAR, MS_NOSUID },
	{ "symfollow", MOUNT_CLEAR, MS_NOSYMFOLLOW },
	{ "sync", MOUNT_SET, MS_SYNCHRONOUS },
	{ "tmpcopyup", MOUNT_EXTRA, MOUNT_TMPCOPYUP },
	{ "unbindable", MOUNT_PROPAGATION, MS_UNBINDABLE },
};
const size_t n_mount_options = sizeof(mount_options) / sizeof(mount_options[0]);

static int by_word(const void *word, const void *option)
{
	return strcmp(word, ((const struct mount_option *)option)->word);
}

const struct mount_option *mount_option_find(const char *word)
{
	return bsearch(word, mount_options, n_mount_options,
		       sizeof(mount_options[0]), by_word);
}

void mount_option_apply(const struct mount_option *o, struct conf_mount *m)
{
	switch (o->effect) {
	case MOUNT_SET:
		m->flags |= o->bits;
		m->clear &= ~o->bits;
		break;
	case MOUNT_CLEAR:
		m->flags &= ~o->bits;
		m->clear |= o->bits;
		break;
	case MOUNT_PROPAGATION:
		m->propagation = o->bits;
		break;
	case MOUNT_REC_ATIME:
		m->rec_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		m->rec_clear |= MOUNT_ATTR__ATIME;
		m->rec_set |= o->bits;
		break;
	case MOUNT_REC_SET:
		m->rec_set |= o->bits;
		m->rec_clear &= ~o->bits;
		break;
	case MOUNT_REC_CLEAR:
		m->rec_set &= ~o->bits;
		m->rec_clear |= o->bits;
		break;
	case MOUNT_EXTRA:
		m->extra |= (uint32_t)o->bits;
		break;
	}
}
