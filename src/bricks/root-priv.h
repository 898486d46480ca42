/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/root-priv.h - what the files of the root brick share. */
#pragma once

struct err;

/* Mounts upon target_fd a tree that shows `path` and keeps what is written in
 * memory, at most `size` ("50%", "1g") of it. An fd of the new root. */
int root_overlay(const char *path, const char *size, int target_fd, struct err *e);
