/* SPDX-License-Identifier: Apache-2.0 */
/* scan/machine.h - what differs between x86-64 and aarch64 beside the encoding.
 *
 * Registers are numbers below 32 (enum gpr for x86-64; x0..x30 and 31 for sp on
 * aarch64). Sources: System V ABI, AMD64 supplement, 3.2 and A.2; Procedure Call
 * Standard for the Arm 64-bit Architecture (AAPCS64), 6.1; syscall(2). */
#pragma once

#include "filter/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct machine {
	uint16_t elf; /* EM_ */
	enum filter_arch arch;
	uint8_t step;     /* every instruction's length is a multiple of it */
	uint8_t number;   /* the register of a system call's number */
	uint8_t result;   /* of functions */
	uint8_t sp, fp;
	uint8_t pushed;   /* bytes that a call puts on the stack */
	uint8_t args[6];  /* of functions */
	uint8_t sys_args[6];
	uint32_t caller_saved, go_caller_saved; /* what a call may change */
	uint32_t scratch; /* of those, what passes no argument */

	/* Numbers of calls that the analysis knows by itself. */
	uint16_t execve, execveat, restart_syscall, rt_sigaction, rt_sigreturn, setitimer;
	uint16_t setxid[7];
};

/* NULL: not one that is analysed. */
const struct machine *machine_of(uint16_t elf);
