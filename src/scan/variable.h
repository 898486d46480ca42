/* SPDX-License-Identifier: Apache-2.0 */
/* scan/variable.h - who writes a static variable. */
#pragma once

#include "scan/graph.h"

struct writer {
	uint32_t node;
	uint64_t at; /* an instruction that reads or writes in the variable */
	uint64_t to; /* where in it */
};

/* All instructions in reached code that touch the variable around an address,
 * by its own place. False when it may also be changed in other ways: its
 * address is formed or stands in data, it is exported, or nothing tells where
 * it begins and ends. The list is the caller's to free. */
bool variable_writers(const struct graph *g, size_t unit, uint64_t address,
		      struct writer **ret_v, size_t *ret_n);
