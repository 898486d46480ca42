/* SPDX-License-Identifier: Apache-2.0 */
/* scan/data.h - the pointers in an object's data, and which live together.
 *
 * A pointer that stands in data counts only when somebody refers to that data.
 * The unit of that is the region: one variable where symbols with sizes tell
 * the variables apart, a whole section where nothing does. Guessing variables
 * in stripped programs loses pointers (measured: nginx and apache2 lost
 * epoll_wait, accept4, ...), so it is not done.
 *
 *  D1  Every pointer is in exactly one region.
 *  D2  Region 0 is always alive: pointers that no reference would show (those
 *      in thread-local data).
 *  D3  GOT entries that ld.so fills by name are not here: each is looked at by
 *      its own address (scan/graph.c).
 *
 * A reference to a place inside a variable, not its start, may be the folded
 * start of the next one (&table[i - 1]), so close to the end it keeps the next
 * alive as well. */
#pragma once

#include "scan/elf.h"

struct err;

struct extent {
	uint32_t start, end; /* offsets from the object's base */
	uint32_t region;
	bool is_variable; /* one variable, by its symbol */
};

struct data {
	uint64_t base;
	struct elf_rel *pointers; /* by region, then address */
	size_t n_pointers;
	struct extent *extents; /* sorted, without overlap */
	size_t n_extents;
	uint32_t *first; /* region r has pointers [first[r], first[r + 1]) */
	uint32_t n_regions;
	uint64_t *labels; /* addresses of code that pointers hold, sorted */
	size_t n_labels;
};

void data_done(struct data *d);
/* `debug`: the separate debug file, or NULL. */
int data_read(const struct elf *f, const struct elf *debug, struct data *ret_d,
	      struct err *e);
/* The regions that a reference to an address keeps alive; at most 2. */
size_t data_regions_at(const struct data *d, uint64_t address, uint32_t v[2]);
