/* SPDX-License-Identifier: Apache-2.0 */
/* scan/priority.c - glibc's mutexes with priority protection.
 *
 * pthread_mutex_lock() changes the scheduling of its thread when the mutex was
 * made with PTHREAD_PRIO_PROTECT: with it every program seems to call
 * sched_setscheduler() and four more. Only three functions make such mutexes
 * (there is no initialiser for them). Where none of the three is reached, the
 * two private functions behind the locks are behind a gate. A mutex that another
 * program made so in shared memory is not thought of (docs/scan.md).
 *
 * The two are told by what they call, and only when exactly one function of the
 * library is like that: else there is no gate. */
#include "scan/scan-priv.h"

#include "base/scope.h"

#include <string.h>

enum { ASK_MAX, ASK_MIN, GET, GET_PARAM, SET, CALLEES };

static const char *const callees[CALLEES] = {
	[ASK_MAX] = "sched_get_priority_max", [ASK_MIN] = "sched_get_priority_min",
	[GET] = "sched_getscheduler", [GET_PARAM] = "sched_getparam", [SET] = "sched_setscheduler",
};

/* One bit for each of the callees that the function calls. */
static unsigned calls(const struct graph *g, uint32_t node, const uint64_t v[CALLEES])
{
	const struct unit *u = graph_unit(g, node);
	const struct func *fn = graph_func(g, node);
	unsigned found = 0;

	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		const struct fact *t = &u->code.facts[i];

		for (int k = 0; t->kind == FACT_CALL && k < CALLEES; k++)
			found |= (unsigned)(v[k] == u->code.base + t->to) << k;
	}
	return found;
}

static bool is_exported(const struct graph *g, uint32_t node)
{
	const struct unit *u = graph_unit(g, node);
	const struct elf *f = u->object->elf;
	uint64_t at = u->code.base + graph_func(g, node)->start;

	for (size_t i = 0; i < f->n_dynsyms; i++) {
		if (f->dynsyms[i].value == at)
			return true;
	}
	return false;
}

static void add_gates(struct graph *g, size_t unit, const uint64_t v[CALLEES])
{
	const unsigned asks = 1U << ASK_MAX | 1U << ASK_MIN;
	const unsigned changes = 1U << GET | 1U << GET_PARAM | 1U << SET;
	const struct unit *u = &g->units[unit];
	uint32_t found[2] = { NO_NODE, NO_NODE };
	size_t n[2] = { 0 };

	for (uint32_t i = 0; i < u->code.n_funcs; i++) {
		unsigned has = calls(g, u->first_func + i, v);
		bool is_changing = (has & changes) == changes;

		if ((!is_changing && (has & asks) != asks) ||
		    is_exported(g, u->first_func + i))
			continue;
		found[is_changing] = u->first_func + i;
		n[is_changing]++;
	}
	for (int i = 0; i < 2; i++) {
		if (n[i] == 1)
			graph_add_gate(g, found[i]);
	}
}

void priority_add_gate(struct scan *s)
{
	static const char *const keys[] = { "pthread_mutexattr_setprotocol",
					    "pthread_mutexattr_setprioceiling",
					    "pthread_mutex_setprioceiling" };
	struct graph *g = s->graph;
	struct definition v[8];
	uint64_t at[CALLEES];
	size_t n, unit;

	n = symbols_named(g->symbols, keys[0], v, ARRAY_SIZE(v));
	if (!n)
		return;
	unit = v[0].object->index;
	for (size_t i = 0; i < CALLEES; i++) {
		if (symbols_named(g->symbols, callees[i], v, 1) != 1 || v[0].object->index != unit)
			return;
		at[i] = v[0].symbol->value;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		n = symbols_named(g->symbols, keys[i], v, ARRAY_SIZE(v));
		for (size_t k = 0; k < n; k++)
			graph_add_key(g, graph_func_at(g, v[k].object->index, v[k].symbol->value));
	}
	add_gates(g, unit, at);
}
