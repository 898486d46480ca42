/* SPDX-License-Identifier: Apache-2.0 */
/* filter/disasm.h - a filter for people to read. */
#pragma once

#include "filter/policy.h"

#include <linux/filter.h>
#include <stdio.h>

/* One line an instruction: its place, what it does in words, where it goes;
 * numbers that are compared with a call's number get its name. */
void filter_disasm(const struct sock_fprog *program, FILE *out);
