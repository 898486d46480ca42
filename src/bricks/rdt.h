/* SPDX-License-Identifier: Apache-2.0 */
/* bricks/rdt.h - a running container's class of service, changed. */
#pragma once

struct conf;
struct conf_intel_rdt;
struct err;

/* Writes the schemata of `change` (its l3_cache_schema and mem_bw_schema) to the
 * class that belongs to the container `c` alone. One that it shares by
 * linux.intelRdt.closID, or the default one, is not touched: -EINVAL. */
int rdt_update(const struct conf *c, const struct conf_intel_rdt *change, struct err *e);
