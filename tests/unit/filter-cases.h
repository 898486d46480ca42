/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/filter-cases.h - random policies and a plain evaluator of them.
 *
 * The evaluator follows the words of filter/policy.h and shares no code with
 * the compiler but the tables of names. */
#pragma once

#include "base/arena.h"
#include "filter/policy.h"
#include "filter/syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

struct dice {
	uint64_t state;
};

/* xorshift64* (Marsaglia, Vigna): repeatable on every machine. */
static inline uint64_t roll(struct dice *d, uint64_t below)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return (d->state * 2685821657736338717ULL) % below;
}

/* Values where comparisons go wrong: small, and around both halves' ends. */
static inline uint64_t roll_value(struct dice *d)
{
	static const uint64_t edges[] = { 0,
					  1,
					  2,
					  7,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x100000001,
					  0x1ffffffff,
					  0x7fffffffffffffff,
					  0x8000000000000000,
					  0xffffffff00000000,
					  0xffffffffffffffff };

	switch (roll(d, 3)) {
	case 0:
		return edges[roll(d, sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return roll(d, 16);
	}
	return roll(d, 1ULL << 32) << 32 | roll(d, 1ULL << 32);
}

static inline void roll_rule(struct dice *d, struct arena *a,
			     struct filter_rule *r,
			     const enum filter_action *actions,
			     unsigned n_actions, unsigned max_conds)
{
	size_t n = 1 + roll(d, roll(d, 4) ? 3 : 60);
	const char **names = arena_array(a, n, sizeof(*names));
	struct filter_cond *conds = arena_array(a, 6, sizeof(*conds));

	for (size_t i = 0; i < n; i++)
		names[i] = syscall_id_name(
			(int)roll(d, (uint64_t)syscall_id_max()));
	r->names = names;
	r->n_names = n;
	r->action = actions[roll(d, n_actions)];
	r->data = (uint16_t)(r->action == FILTER_ERRNO ? 1 + roll(d, 3) : 0);
	r->conds = conds;
	r->n_conds = roll(d, 3) ? 0 : roll(d, max_conds + 1);
	for (size_t i = 0; i < r->n_conds; i++) {
		conds[i].index = (unsigned)((i + roll(d, 6)) % 6);
		conds[i].op = (enum filter_op)roll(d, FILTER_OP_MAX_);
		conds[i].value = roll_value(d);
		conds[i].value_two = roll_value(d);
		if (conds[i].op == FILTER_MASKED_EQ && roll(d, 4))
			conds[i].value_two &= conds[i].value;
	}
}

static inline struct filter_policy roll_policy(struct dice *d, struct arena *a)
{
	static const enum filter_action all[] = {
		FILTER_KILL_PROCESS, FILTER_TRAP, FILTER_ERRNO,
		FILTER_TRACE,	     FILTER_LOG,  FILTER_ALLOW
	};
	struct filter_policy p = { .default_action = all[roll(d, 6)],
				   .archs = (uint32_t)roll(
					   d, 1U << FILTER_ARCH_MAX_) };
	struct filter_rule *rules;

	if (p.default_action == FILTER_ERRNO)
		p.default_data = 1;
	if (roll(d, 2))
		p.archs &= 1U << FILTER_X86_64 | 1U << FILTER_X86 |
			   1U << FILTER_X32;
	p.n_rules = roll(d, 12);
	rules = arena_array(a, p.n_rules + 1, sizeof(*rules));
	for (size_t i = 0; i < p.n_rules; i++)
		roll_rule(d, a, &rules[i], all, 6, 3);
	p.rules = rules;
	return p;
}

static inline bool holds(const struct filter_cond *c, uint64_t v, bool is_64bit)
{
	uint64_t cut = is_64bit ? UINT64_MAX : UINT32_MAX;

	switch (c->op) {
	case FILTER_NE:
		return v != (c->value & cut);
	case FILTER_LT:
		return v < c->value;
	case FILTER_LE:
		return v <= c->value;
	case FILTER_EQ:
		return v == (c->value & cut);
	case FILTER_GE:
		return v >= c->value;
	case FILTER_GT:
		return v > c->value;
	case FILTER_MASKED_EQ:
		return (v & c->value & cut) == (c->value_two & c->value & cut);
	default:
		return false;
	}
}

static inline bool rule_holds(const struct filter_rule *r,
			      const struct seccomp_data *data, bool is_64bit)
{
	bool any = false, all = true, twice = false;

	for (size_t i = 0; i < r->n_conds; i++) {
		bool h = holds(&r->conds[i], data->args[r->conds[i].index],
			       is_64bit);

		any |= h;
		all &= h;
		for (size_t k = 0; k < i; k++)
			twice |= r->conds[k].index == r->conds[i].index;
	}
	return twice ? any : all;
}

static inline bool rule_names(const struct filter_rule *r,
			      enum filter_arch arch, uint32_t nr)
{
	for (size_t i = 0; i < r->n_names; i++) {
		int id = syscall_id(r->names[i]);
		int n = id < 0 ? -1 : syscall_number(arch, id);

		if (n >= 0 && (uint32_t)n == nr)
			return true;
	}
	return false;
}

static inline uint32_t evaluate_rules(const struct filter_policy *p,
				      enum filter_arch arch,
				      const struct seccomp_data *data)
{
	const struct filter_rule *best = NULL;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct filter_rule *r = &p->rules[i];
		bool better;

		if (!rule_names(r, arch, (uint32_t)data->nr) ||
		    (r->n_conds &&
		     !rule_holds(r, data, filter_arch_is_64bit(arch))))
			continue;
		better = !best || r->action < best->action ||
			 (r->action == best->action && !r->n_conds &&
			  best->n_conds);
		if (better)
			best = r;
	}
	return best ? filter_return(best->action, best->data)
		    : filter_return(p->default_action, p->default_data);
}

/* Registers of 32 bits have nothing above. */
static inline void cut_args(enum filter_arch arch, struct seccomp_data *data)
{
	for (int i = 0; i < 6 && !filter_arch_is_64bit(arch); i++)
		data->args[i] &= UINT32_MAX;
}

/* Is the number one of the architecture's, or a hole between them? */
static inline bool is_known(enum filter_arch arch, uint32_t nr)
{
	uint32_t max = (uint32_t)syscall_max(arch);
	uint32_t first =
		arch == FILTER_X32				   ? 0x40000000
		: arch == FILTER_MIPS || arch == FILTER_MIPSEL	   ? 4000
		: arch == FILTER_MIPS64 || arch == FILTER_MIPSEL64 ? 5000
		: arch == FILTER_MIPS64N32 || arch == FILTER_MIPSEL64N32 ? 6000
									 : 0;

	if (arch == FILTER_ARM && nr >= 0x0f0000 && nr < 0x0f0010)
		return true;
	return nr >= first && nr <= max;
}

/* Whose numbers the question is about; FILTER_ARCH_MAX_: nobody's that the
 * policy covers. */
static inline enum filter_arch asked_arch(const struct filter_policy *p,
					  const struct seccomp_data *data)
{
	bool is_x32 = p->archs & 1U << FILTER_X32;

	for (int i = 0; i < FILTER_ARCH_MAX_; i++) {
		enum filter_arch arch = (enum filter_arch)i;

		if (filter_audit_arch(arch) != data->arch ||
		    arch == FILTER_X32 ||
		    !(p->archs & 1U << i || arch == filter_native_arch()))
			continue;
		if (arch != FILTER_X86_64 || (uint32_t)data->nr < 0x40000000)
			return arch;
		return is_x32 || data->nr == -1 ? FILTER_X32 : FILTER_ARCH_MAX_;
	}
	return FILTER_ARCH_MAX_;
}

static inline uint32_t evaluate(const struct filter_policy *p,
				const struct seccomp_data *data)
{
	uint32_t later =
		p->default_action == FILTER_ERRNO ||
				p->default_action <= FILTER_TRAP
			? filter_return(FILTER_ERRNO, ENOSYS)
			: filter_return(p->default_action, p->default_data);
	enum filter_arch arch = asked_arch(p, data);

	if (arch == FILTER_ARCH_MAX_)
		return filter_return(FILTER_KILL_PROCESS, 0);
	return is_known(arch, (uint32_t)data->nr)
		       ? evaluate_rules(p, arch, data)
		       : later;
}
