/* SPDX-License-Identifier: Apache-2.0 */
/* scan/machine.c - what differs between x86-64 and aarch64 beside the encoding. */
#include "scan/machine.h"

#include "base/scope.h"
#include "scan/decode.h"

#include <elf.h>
#include <stddef.h>

#define BIT(r) (1U << (r))

static const struct machine machines[] = {
	{
		.elf = EM_X86_64,
		.arch = FILTER_X86_64,
		.step = 1,
		.number = GPR_RAX,
		.result = GPR_RAX,
		.sp = GPR_RSP,
		.fp = GPR_RBP,
		.pushed = 8,
		.args = { GPR_RDI, GPR_RSI, GPR_RDX, GPR_RCX, GPR_R8, GPR_R9 },
		.sys_args = { GPR_RDI, GPR_RSI, GPR_RDX, GPR_R10, GPR_R8, GPR_R9 },
		.caller_saved = BIT(GPR_RAX) | BIT(GPR_RCX) | BIT(GPR_RDX) | BIT(GPR_RSI) |
				BIT(GPR_RDI) | BIT(GPR_R8) | BIT(GPR_R9) | BIT(GPR_R10) |
				BIT(GPR_R11),
		/* ABIInternal keeps the stack and frame pointers, and g. */
		.go_caller_saved = 0xffff & ~(BIT(GPR_RSP) | BIT(GPR_RBP) | BIT(GPR_R14)),
		.scratch = BIT(GPR_RAX) | BIT(GPR_R10) | BIT(GPR_R11),
		.execve = 59, .execveat = 322, .restart_syscall = 219,
		.rt_sigaction = 13, .rt_sigreturn = 15, .setitimer = 38,
		.setxid = { 105, 106, 113, 114, 117, 119, 116 },
	},
	{
		.elf = EM_AARCH64,
		.arch = FILTER_AARCH64,
		.step = 4,
		.number = 8,
		.result = 0,
		.sp = GPR_SP,
		.fp = GPR_FP,
		.pushed = 0,
		.args = { 0, 1, 2, 3, 4, 5 },
		.sys_args = { 0, 1, 2, 3, 4, 5 },
		.caller_saved = 0x7ffff | BIT(GPR_LR), /* x0 to x18 */
		.go_caller_saved = ~(BIT(GPR_SP) | BIT(GPR_FP) | BIT(28)),
		.scratch = 0x7fe00, /* x9 to x18 */
		.execve = 221, .execveat = 281, .restart_syscall = 128,
		.rt_sigaction = 134, .rt_sigreturn = 139, .setitimer = 103,
		.setxid = { 146, 144, 145, 143, 147, 149, 159 },
	},
};

const struct machine *machine_of(uint16_t elf)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		if (machines[i].elf == elf)
			return &machines[i];
	}
	return NULL;
}
