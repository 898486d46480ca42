/* SPDX-License-Identifier: Apache-2.0 */
/* scan/store.h - summaries of objects, kept from one analysis to the next.
 *
 * With a store or without one, an analysis has the same result: a summary belongs
 * to the very bytes of an object and to the very program that made it. */
#pragma once

#include "scan/code.h"

struct store;

/* `path`: a folder of the caller's; NULL: "scan" in the one of sys/cache.h. NULL
 * when there is none that only we can write: then one goes without. */
struct store *store_open(const char *path);
struct store *store_close(struct store *s); /* NULL is fine; returns NULL */
/* False: there is none, or it is damaged. */
bool store_get(struct store *s, const struct elf *f, struct code *ret_c);
/* What cannot be written is not kept. */
void store_put(struct store *s, const struct elf *f, const struct code *c);
