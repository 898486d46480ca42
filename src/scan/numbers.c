/* SPDX-License-Identifier: Apache-2.0 */
/* scan/numbers.c - the number at every system call instruction in reached code.
 *
 * Each constant that the register of the number (rax, x8) can hold at the
 * instruction is a call that can be made. An unknown one is a question, or, when
 * the user has declared so, every call there is (SCAN_ANY) or none (SCAN_NONE). A
 * number that Linux does not have is allowed to nobody and asked about by nobody:
 * the kernel answers ENOSYS.
 *
 * Among code that nobody described there may be tables that decode as
 * instructions: there a system call counts when control can get to it.
 *
 * For execve and execveat the path is looked for as well: a filter is
 * inherited, so the programs that are executed belong to the answer. */
#include "scan/scan-priv.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h> /* clone3 has one number on all machines */

#define X32_BIT 0x40000000U

/* A call that no filter of ours allows, since it covers one ABI: the program may
 * need it, so somebody has to say that it does not. */
static int other_abi(struct scan *s, uint32_t node, uint64_t at, const char *what, struct err *e)
{
	if (s->options->other_abi == SCAN_NONE)
		return 0;
	return scan_ask(s, (struct scan_question){ SCAN_Q_MACHINE, node, at, node, at, what }, e);
}

static int unknown(struct scan *s, struct scan_question q, struct err *e)
{
	if (s->options->unknown == SCAN_ASK)
		return scan_ask(s, q, e);
	for (unsigned i = 0; s->options->unknown == SCAN_ANY && i < SCAN_CALLS; i++)
		scan_allow(s, i, q.node, q.address, NULL);
	return 0;
}

static int add_exec(struct scan *s, const char *path)
{
	const char **v;

	for (size_t i = 0; i < s->n_execs; i++) {
		if (strcmp(s->execs[i], path) == 0)
			return 0;
	}
	v = arena_array(&s->arena, s->n_execs + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	if (s->n_execs)
		memcpy(v, s->execs, s->n_execs * sizeof(*v));
	v[s->n_execs++] = path;
	s->execs = v;
	return 0;
}

/* The path, execve's first argument and execveat's second, at the instruction. */
static int find_exec(struct scan *s, struct search *search, uint32_t node, uint64_t at,
		     enum gpr reg, struct err *e)
{
	struct answer a;
	int r = search_value(search, node, at, reg, true, &a, e);

	for (size_t i = 0; r == 0 && i < a.n; i++) {
		const char *path = scan_string(s, &a.v[i]);

		if (path)
			r = add_exec(s, path);
	}
	if (r == 0 && a.is_unknown && s->options->exec == SCAN_ASK)
		r = scan_ask(s, (struct scan_question){
			SCAN_Q_EXEC, node, at, a.node, a.address, a.reason }, e);
	answer_done(&a);
	return r;
}

/* The instruction makes the call `made`, and no other when is_sure. */
static int take(struct scan *s, struct search *search, uint32_t node, uint64_t at,
		const struct value *made, bool is_sure, struct err *e)
{
	const struct machine *m = s->graph->machine;
	uint64_t number = made->n;
	bool is_exec = number == m->execve || number == m->execveat;
	int r;

	if (m->arch == FILTER_X86_64 && number >= X32_BIT && number < X32_BIT + SCAN_CALLS)
		return other_abi(s, node, at, "an x32 number", e);
	if (number >= SCAN_CALLS)
		return 0;
	if ((is_exec && s->options->exec == SCAN_NONE) ||
	    (s->in_startup && !model_is_at_start(s, number)) ||
	    model_is_profiler(s, node, number))
		return 0;
	scan_allow_site(s, (unsigned)number, node, at, NULL);
	if (number == SYS_clone3)
		s->has_clone_behind &= model_has_clone_behind(s, made->node);
	r = args_find(s, search, node, at, (unsigned)number, is_sure, e);
	if (r == 0 && is_exec)
		return find_exec(s, search, node, at,
				 m->sys_args[number == m->execveat], e);
	return r;
}

/* The first loss that no model has an answer for; NULL: none. */
static const struct loss *open_loss(struct scan *s, struct search *search, const struct answer *a,
				    struct err *e)
{
	for (size_t i = 0; i < a->n_losses; i++) {
		const struct loss *x = &a->losses[i];

		if (i == ANSWER_LOSSES)
			return &a->losses[0]; /* others are not told */
		if (!model_is_libcap(s, search, x->node, e) && !model_is_libseccomp(s, x->node) &&
		    !model_is_go_number(s, search, x->node, e))
			return x;
	}
	return NULL;
}

static int find_number(struct scan *s, struct search *search, uint32_t node, uint64_t at,
		       struct err *e)
{
	const struct loss *x;
	struct answer a;
	int r = search_value(search, node, at, s->graph->machine->number, false, &a, e);

	for (size_t i = 0; r == 0 && i < a.n; i++)
		r = take(s, search, node, at, &a.v[i], a.n == 1 && !a.is_unknown, e);
	x = r == 0 && a.is_unknown && !model_is_setxid(s, search, node, at)
		    ? open_loss(s, search, &a, e)
		    : NULL;
	if (x)
		r = unknown(s, (struct scan_question){
			SCAN_Q_NUMBER, node, at, x->node, x->address, x->reason }, e);
	answer_done(&a);
	return r;
}

static int find_in(struct scan *s, struct search *search, uint32_t node, struct err *e)
{
	const struct unit *u = graph_unit(s->graph, node);
	const struct func *fn = graph_func(s->graph, node);
	int r = 0;

	for (uint32_t i = fn->first_fact; r == 0 && i < fn[1].first_fact; i++) {
		const struct fact *t = &u->code.facts[i];
		uint64_t at = u->code.base + t->at;

		if (t->kind != FACT_SYSCALL && t->kind != FACT_SYSCALL32)
			continue;
		if (!fn->is_described && !flow_reaches(search_flow(search), node, at))
			continue;
		s->n_sites++;
		if (t->kind == FACT_SYSCALL)
			r = find_number(s, search, node, at, e);
		else
			r = other_abi(s, node, at, "int 0x80 or sysenter, by 32-bit numbers", e);
	}
	return r;
}

int numbers_find(struct scan *s, struct search *search, size_t from, struct err *e)
{
	int r = 0;

	for (size_t i = from; r == 0 && i < s->graph->n_queue; i++) {
		uint32_t node = s->graph->queue[i];

		if (!s->graph->nodes[node].is_region)
			r = find_in(s, search, node, e);
	}
	return r;
}
