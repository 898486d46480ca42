/* SPDX-License-Identifier: Apache-2.0 */
/* scan/summary.h - what one object's code says, as bytes for the store.
 *
 * Functions and facts (scan/code.h) depend on nothing but the object's own bytes.
 * They are what costs most to find, and are the same for every program that loads
 * the object. What comes back was checked: offsets are inside of the object, tables
 * are sorted and index each other rightly. That it is the summary of just these
 * bytes is what the store's names are for (scan/store.c). */
#pragma once

#include "scan/code.h"

struct err;

/* The bytes, to be freed; NULL: no memory. */
void *summary_write(const struct code *c, size_t *ret_n);
/* Puts the check sum into the header; summary_write() has done so. */
void summary_seal(void *bytes, size_t n);
/* The code of an object, from bytes of malloc(), which belong to it then (and are
 * freed when it fails). -EBADMSG: it is none, or a damaged one; -ENOMEM. */
int summary_take(void *bytes, size_t n, const struct elf *f, struct code *ret_c);
