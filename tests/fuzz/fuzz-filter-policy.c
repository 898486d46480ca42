/* SPDX-License-Identifier: Apache-2.0 */
/* Any policy, compiled: the program answers each question as the plain
 * evaluator of tests/unit/filter-cases.h does, and looks at nothing but number
 * and architecture where the answer depends on nothing else.
 *
 * The input is the policy, byte by byte: what is missing at its end is 0. What
 * is asked is made of the same bytes, so that libFuzzer's finds steer both. */
#include "../unit/filter-cases.h"

#include "filter/compile.h"
#include "filter/disasm.h"
#include "filter/simulate.h"

#include <stdio.h>
#include <unistd.h>

enum { MAX_RULES = 40, MAX_NAMES = 24, QUESTIONS = 60 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

static uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | (in->at < in->end ? *in->at++ : 0);
	return v;
}

static uint16_t data_for(struct input *in, enum filter_action a)
{
	return (uint16_t)(a == FILTER_ERRNO || a == FILTER_TRACE ? take(in, 1)
								 : 0);
}

/* Interesting values are far more likely than a fuzzer finds them alone. */
static uint64_t take_value(struct input *in)
{
	struct dice d = { .state = 1 + take(in, 2) };
	unsigned kind = (unsigned)take(in, 1) % 4;

	return kind == 0   ? take(in, 1)
	       : kind == 1 ? take(in, 8)
			   : roll_value(&d);
}

static void take_rule(struct input *in, struct arena *a, struct filter_rule *r)
{
	unsigned shape = (unsigned)take(in, 1);
	size_t n = shape & 0x80 ? MAX_NAMES : 1 + (shape & 3);
	const char **names = arena_array(a, n, sizeof(*names));
	struct filter_cond *conds = arena_array(a, 6, sizeof(*conds));
	uint64_t first = take(in, 2);

	for (size_t i = 0; i < n; i++)
		names[i] = syscall_id_name(
			(int)((first + i * (1 + (shape >> 2 & 7))) %
			      (uint64_t)syscall_id_max()));
	r->names = names;
	r->n_names = n;
	r->action = (enum filter_action)(take(in, 1) % FILTER_ACTION_MAX_);
	r->data = data_for(in, r->action);
	r->conds = conds;
	r->n_conds = (shape >> 5 & 3) * 2;
	for (size_t i = 0; i < r->n_conds; i++) {
		unsigned what = (unsigned)take(in, 1);

		conds[i].index = what % 6;
		conds[i].op = (enum filter_op)(what / 6 % FILTER_OP_MAX_);
		conds[i].value = take_value(in);
		conds[i].value_two = take_value(in);
	}
}

static struct filter_policy take_policy(struct input *in, struct arena *a)
{
	struct filter_policy p = { .archs = (uint32_t)take(in, 3) };
	size_t n = take(in, 1) % MAX_RULES;
	struct filter_rule *rules = arena_array(a, n + 1, sizeof(*rules));

	p.default_action =
		(enum filter_action)(take(in, 1) % FILTER_ACTION_MAX_);
	p.default_data = data_for(in, p.default_action);
	for (size_t i = 0; i < n; i++)
		take_rule(in, a, &rules[i]);
	p.rules = rules;
	p.n_rules = n;
	return p;
}

/* A value that one of the policy's conditions compares with, or next to it. */
static uint64_t near_value(const struct filter_policy *p, struct dice *d)
{
	const struct filter_rule *r;
	const struct filter_cond *c;

	if (p->n_rules == 0 || roll(d, 4) == 0)
		return roll_value(d);
	r = &p->rules[roll(d, p->n_rules)];
	if (r->n_conds == 0)
		return roll_value(d);
	c = &r->conds[roll(d, r->n_conds)];
	return (roll(d, 2) ? c->value : c->value_two) + roll(d, 3) - 1;
}

static void make_question(const struct filter_policy *p, struct dice *d,
			  struct seccomp_data *q)
{
	enum filter_arch arch = (enum filter_arch)roll(d, FILTER_ARCH_MAX_);
	const struct filter_rule *r;
	int nr = -1;

	if (roll(d, 4))
		arch = FILTER_X86_64;
	*q = (struct seccomp_data){ .arch = filter_audit_arch(arch) };
	if (p->n_rules && roll(d, 4)) {
		r = &p->rules[roll(d, p->n_rules)];
		nr = syscall_number(arch,
				    syscall_id(r->names[roll(d, r->n_names)]));
	}
	q->nr = nr >= 0 ? nr : (int)(roll(d, 8) ? roll(d, 600) : roll_value(d));
	for (int i = 0; i < 6; i++)
		q->args[i] = near_value(p, d);
	cut_args(arch, q);
}

static void fail(const struct sock_fprog *f, const struct seccomp_data *q,
		 const char *what, uint32_t got, uint32_t wanted)
{
	filter_disasm(f, stderr);
	fprintf(stderr, "%s: arch 0x%x nr %d: 0x%x, expected 0x%x\n", what,
		q->arch, q->nr, got, wanted);
	for (int i = 0; i < 6; i++)
		fprintf(stderr, "  argument %d: 0x%llx\n", i,
			(unsigned long long)q->args[i]);
	abort();
}

/* Whether a rule about this call looks at its arguments. */
static bool has_conditions(const struct filter_policy *p,
			   const struct seccomp_data *q)
{
	enum filter_arch arch = asked_arch(p, q);

	for (size_t i = 0; i < p->n_rules && arch != FILTER_ARCH_MAX_; i++)
		if (p->rules[i].n_conds &&
		    rule_names(&p->rules[i], arch, (uint32_t)q->nr))
			return true;
	return false;
}

static void ask(const struct filter_policy *p, const struct sock_fprog *f,
		struct dice *d)
{
	struct seccomp_data q;
	struct simulation s;
	uint32_t wanted;

	make_question(p, d, &q);
	wanted = evaluate(p, &q);
	if (filter_simulate(f, &q, &s) < 0)
		fail(f, &q, "not a program", 0, wanted);
	if (s.ret != wanted)
		fail(f, &q, "verdict", s.ret, wanted);
	if (!s.is_constant && !has_conditions(p, &q))
		fail(f, &q, "looks at arguments", s.ret, wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct dice d = { .state = 1 };
	struct sock_fprog f;
	struct filter_policy p;
	struct arena a;

	for (size_t i = 0; i < size; i++)
		d.state = d.state * 31 + data[i] + 1;
	d.state |= 1;
	arena_init(&a);
	p = take_policy(&in, &a);
	if (filter_compile(&p, &a, &f, NULL) == 0)
		for (int i = 0; i < QUESTIONS; i++)
			ask(&p, &f, &d);
	arena_done(&a);
	return 0;
}
