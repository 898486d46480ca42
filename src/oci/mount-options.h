/* SPDX-License-Identifier: Apache-2.0 */
/* oci/mount-options.h - the words of mounts[].options and what they do. */
#pragma once

#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

/* Where the bits of a word go. */
enum mount_effect {
	MOUNT_SET,	   /* conf_mount.flags */
	MOUNT_CLEAR,	   /* conf_mount.clear */
	MOUNT_PROPAGATION, /* conf_mount.propagation */
	MOUNT_REC_SET,	   /* conf_mount.rec_set */
	MOUNT_REC_CLEAR,   /* conf_mount.rec_clear */
	MOUNT_REC_ATIME,   /* rec_set, in place of another atime setting */
	MOUNT_EXTRA,	   /* conf_mount.extra */
};

struct mount_option {
	const char *word;
	enum mount_effect effect;
	uint64_t bits;
};

/* Sorted by word. */
extern const struct mount_option mount_options[];
extern const size_t n_mount_options;

/* NULL when it is not one of ours: then it is for the file system. */
const struct mount_option *mount_option_find(const char *word);
/* A later word wins over an earlier one. */
void mount_option_apply(const struct mount_option *o, struct conf_mount *m);
