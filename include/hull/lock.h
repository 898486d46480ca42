/* SPDX-License-Identifier: Apache-2.0 */
/* hull/lock.h - a program locks itself up.
 *
 * For programs that were linked by hull-cc: the filter is in the program itself.
 * Both functions are for the thread that runs main(); all threads get the
 * filter. It stays for ever, also for what the program executes; later filters
 * only make it narrower.
 *
 * They return 0, or
 *   -ENODATA  the program carries no filter (not linked by hull-cc, or with
 *             open questions)
 *   -ENOENT   it has no phase of that name
 *   -ESTALE   a library is loaded that the filter was not made for: after an
 *             update link the program again, or let hull run make the filter
 *   -EBUSY    a thread has a filter of its own that ours cannot join
 * or what seccomp(2) fails with. On failure nothing has changed. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* From now on only what the program can do at all. */
int hull_lock(void);
/* From now on only what it can still do behind this call. `name` must be a
 * string constant: hull-cc looks for it in the code. */
int hull_phase(const char *name);

#ifdef __cplusplus
}
#endif
