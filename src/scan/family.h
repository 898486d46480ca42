/* SPDX-License-Identifier: Apache-2.0 */
/* scan/family.h - a program together with the programs that it executes.
 *
 * A filter is inherited over execve, so what a program may need is the union of
 * its own calls and those of all it executes. Scripts count as the interpreter
 * in their first line. A path that is not there is executed by nobody. */
#pragma once

#include "scan/scan.h"

struct family {
	struct scan **v; /* v[0] is the program itself */
	size_t n, room;
	struct arena arena;
};

void family_done(struct family *f);
int family_scan(const struct scan_options *o, struct family *ret_f, struct err *e);
/* May the family make the call? Start-up of the first program counts only when
 * asked for; that of the others always does. Returns who, or NULL. */
struct scan *family_allows(const struct family *f, unsigned number, bool with_startup);
size_t family_count(const struct family *f, bool with_startup);
