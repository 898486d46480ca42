/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/restore-points.h - mount points that a restore needs. */
#pragma once

struct conf;
struct err;

/* Makes those mount points of config.json that the root file system (absolute
 * path) has not: it may be a fresh one, on another machine. What is below a
 * tmpfs is in the image. */
int restore_points(const struct conf *c, const char *rootfs, struct err *e);
