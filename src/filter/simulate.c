/* SPDX-License-Identifier: Apache-2.0 */
/* filter/simulate.c - what the kernel would answer: cBPF, run here.
 *
 * Instructions: those that seccomp_check_filter() of kernel/seccomp.c takes and
 * that filters use. Source of their meaning: bpf(4) of the BSDs and
 * Documentation/networking/filter.rst. */
#include "filter/simulate.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <stddef.h>
#include <string.h>

static int load(const struct seccomp_data *data, uint32_t offset, uint32_t *a,
		bool *is_constant)
{
	if (offset % 4 != 0 || offset > sizeof(*data) - 4)
		return -EINVAL;
	memcpy(a, (const char *)data + offset, sizeof(*a));
	if (offset >= offsetof(struct seccomp_data, instruction_pointer))
		*is_constant = false;
	return 0;
}

/* Whether A op k holds; -EINVAL when op is none. */
static int test(unsigned op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGE:
		return a >= k;
	case BPF_JGT:
		return a > k;
	case BPF_JSET:
		return (a & k) != 0;
	}
	return -EINVAL;
}

int filter_simulate(const struct sock_fprog *program,
		    const struct seccomp_data *data, struct simulation *ret)
{
	uint32_t a = 0;

	*ret = (struct simulation){ .is_constant = true };
	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *i = &program->filter[pc];
		int yes;

		ret->steps++;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (load(data, i->k, &a, &ret->is_constant) < 0)
				return -EINVAL;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			ret->ret = i->k;
			return 0;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		}
		if (BPF_CLASS(i->code) != BPF_JMP)
			return -EINVAL;
		yes = test(BPF_OP(i->code), a, i->k);
		if (yes < 0)
			return -EINVAL;
		pc += yes ? i->jt : i->jf;
	}
	return -EINVAL;
}
