/* SPDX-License-Identifier: Apache-2.0 */
/* base/banned.h - calls nobody may write; included into every .c by the build.
 *
 * Each has a replacement that says how much room there is, or that does not
 * hand a string to a shell. The idea is git's banned.h: the rule is a compile
 * error, not a habit. */
#pragma once

/* The system headers must be through first: they declare these names. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets
#undef alloca
#pragma GCC poison system popen alloca
#pragma GCC poison tmpnam tempnam mktemp
#pragma GCC poison atoi atol atoll
