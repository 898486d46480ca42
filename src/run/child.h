/* SPDX-License-Identifier: Apache-2.0 */
/* run/child.h - what the child does between clone3() and execve(). */
#pragma once

struct spawn;

/* Never returns: ends in the container's program, or tells the supervisor why
 * not and exits. */
_Noreturn void child_main(struct spawn *s);
