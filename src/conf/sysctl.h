/* SPDX-License-Identifier: Apache-2.0 */
/* conf/sysctl.h - keys of kernel settings. */
#pragma once

#include <stddef.h>

/* The file below /proc/sys for a key: "net.ipv4.conf.eth0/1.x" and
 * "net/ipv4/conf/eth0.1/x" both become "net/ipv4/conf/eth0.1/x" (sysctl.d(5):
 * the separator that comes first separates, the other one is a dot). -EINVAL
 * for a key with strange characters or that would leave its directory,
 * -ENAMETOOLONG. */
int sysctl_path(const char *key, char *path, size_t size);
