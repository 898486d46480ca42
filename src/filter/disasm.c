/* SPDX-License-Identifier: Apache-2.0 */
/* filter/disasm.c - a filter for people to read. */
#include "filter/disasm.h"

#include "filter/syscalls.h"

#include <inttypes.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

/* What the accumulator holds, as far as the reader can be told. */
enum holds { HOLDS_OTHER, HOLDS_ARCH, HOLDS_NR };

static const char *arch_of(uint32_t audit)
{
	for (int i = 0; i < FILTER_ARCH_MAX_; i++)
		if (filter_audit_arch((enum filter_arch)i) == audit)
			return filter_arch_name((enum filter_arch)i) +
			       strlen("SCMP_ARCH_");
	return NULL;
}

static void show_return(uint32_t ret, FILE *out)
{
	for (int i = 0; i < FILTER_ACTION_MAX_; i++) {
		if (filter_return((enum filter_action)i, 0) !=
		    (ret & SECCOMP_RET_ACTION_FULL))
			continue;
		fprintf(out, "return %s",
			filter_action_name((enum filter_action)i) +
				strlen("SCMP_ACT_"));
		if (ret & SECCOMP_RET_DATA)
			fprintf(out, " %s",
				(ret & SECCOMP_RET_ACTION_FULL) ==
						SECCOMP_RET_ERRNO
					? strerror(
						  (int)(ret & SECCOMP_RET_DATA))
					: "with data");
		return;
	}
	fprintf(out, "return 0x%08" PRIx32, ret);
}

static enum holds show_load(uint32_t offset, FILE *out)
{
	const size_t args = offsetof(struct seccomp_data, args);

	if (offset == offsetof(struct seccomp_data, arch)) {
		fprintf(out, "load the architecture");
		return HOLDS_ARCH;
	}
	if (offset == offsetof(struct seccomp_data, nr)) {
		fprintf(out, "load the call's number");
		return HOLDS_NR;
	}
	if (offset >= args)
		fprintf(out, "load argument %zu, %s half", (offset - args) / 8,
			(offset - args) % 8 ? "high" : "low");
	else
		fprintf(out, "load byte %" PRIu32, offset);
	return HOLDS_OTHER;
}

static void show_jump(const struct sock_filter *i, size_t pc, enum holds holds,
		      enum filter_arch arch, FILE *out)
{
	const char *op = BPF_OP(i->code) == BPF_JEQ   ? "=="
			 : BPF_OP(i->code) == BPF_JGE ? ">="
			 : BPF_OP(i->code) == BPF_JGT ? ">"
						      : "&";
	const char *name = NULL;

	if (holds == HOLDS_ARCH)
		name = arch_of(i->k);
	else if (holds == HOLDS_NR)
		name = syscall_name(arch, i->k);
	fprintf(out, "%s 0x%" PRIx32, op, i->k);
	if (name)
		fprintf(out, " (%s)", name);
	fprintf(out, " ? %zu : %zu", pc + 1 + i->jt, pc + 1 + i->jf);
}

void filter_disasm(const struct sock_fprog *program, FILE *out)
{
	enum holds holds = HOLDS_OTHER;

	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *i = &program->filter[pc];

		fprintf(out, "%4zu  ", pc);
		if (i->code == (BPF_LD | BPF_W | BPF_ABS))
			holds = show_load(i->k, out);
		else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			fprintf(out, "and 0x%" PRIx32, i->k);
		else if (i->code == (BPF_RET | BPF_K))
			show_return(i->k, out);
		else if (i->code == (BPF_JMP | BPF_JA))
			fprintf(out, "go to %zu", pc + 1 + i->k);
		else
			show_jump(i, pc, holds, filter_native_arch(), out);
		fputc('\n', out);
	}
}
