/* SPDX-License-Identifier: Apache-2.0 */
/* scan/args.c - the arguments of the calls where they matter.
 *
 * Theory of operation
 * -------------------
 * At each `syscall` that makes a call of the table the argument's register is
 * searched backwards as the number was, with the number as a guard where the
 * instruction makes other calls, too (search.c). A second argument is searched
 * once for each value of the first, which is then a guard as well: so setsockopt
 * gets pairs, not all combinations.
 *
 * A1  What is not found is not guessed: one lost path at one site, and the list
 *     is lost for the whole program. Bits may still be known then: where flags
 *     are put together by `or`, or come from different places, a bit that none
 *     of them sets stays zero.
 * A2  A call that is allowed without having been looked at here (models, an
 *     unknown number that was declared harmless) loses its list and bits.
 * A3  glibc hands clone's flags on in a struct clone_args that is const in
 *     effect: in its own code nothing is taken to change it on the way.
 * A4  Only the low 32 bits are searched and compared. The kernel cuts int
 *     arguments so, and programs leave rubbish above; of those that it takes
 *     whole (mmap's prot, unshare's and clone's flags) what matters is below. */
#include "scan/args.h"

#include "base/err.h"
#include "filter/syscalls.h"
#include "scan/scan-priv.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

/* clone's lowest byte is a signal: CLONE_NEWTIME (0x80) is none of its flags. */
#define NEW_NAMESPACES                                                         \
	((uint32_t)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct arg_row rows[ARG_ROWS] = {
	{ ARG_SOCKET, "socket", 1, { 0 }, true, 0, { "domain" } },
	{ ARG_CLONE, "clone", 1, { 0 }, false, NEW_NAMESPACES, { "flags" } },
	{ ARG_UNSHARE, "unshare", 1, { 0 }, true, NEW_NAMESPACES | 0x80, { "flags" } },
	{ ARG_PRCTL, "prctl", 1, { 0 }, true, 0, { "option" } },
	{ ARG_IOCTL, "ioctl", 1, { 1 }, true, 0, { "request" } },
	{ ARG_MMAP, "mmap", 1, { 2 }, false, PROT_EXEC, { "prot" } },
	{ ARG_MPROTECT, "mprotect", 1, { 2 }, false, PROT_EXEC, { "prot" } },
	{ ARG_PKEY_MPROTECT, "pkey_mprotect", 1, { 2 }, false, PROT_EXEC, { "prot" } },
	{ ARG_PERSONALITY, "personality", 1, { 0 }, true, 0, { "persona" } },
	{ ARG_SETSOCKOPT, "setsockopt", 2, { 1, 2 }, true, 0, { "level", "optname" } },
	{ ARG_KEYCTL, "keyctl", 1, { 0 }, true, 0, { "operation" } },
	{ ARG_PRLIMIT64, "prlimit64", 2, { 0, 1 }, true, 0, { "pid", "resource" } },
};

void args_init(struct scan *s)
{
	for (size_t i = 0; i < ARG_ROWS; i++)
		s->arg_numbers[i] =
			syscall_number(s->graph->machine->arch, syscall_id(rows[i].name));
}

const struct arg_row *arg_row(const struct scan *s, unsigned number)
{
	for (size_t i = 0; i < ARG_ROWS; i++) {
		if (s->arg_numbers[i] == (int)number)
			return &rows[i];
	}
	return NULL;
}

/* One site, while its arguments are searched. */
struct site {
	struct scan *s;
	struct search *search;
	const struct arg_row *row;
	struct arg_set *set;
	uint32_t node;
	uint64_t at;
	struct guard guards[MAX_GUARDS];
	size_t n_guards;
};

static enum gpr arg_register(const struct site *t, uint8_t index)
{
	return t->s->graph->machine->sys_args[index];
}

static int keep(struct site *t, const struct arg_value *v)
{
	struct arg_set *set = t->set;

	for (size_t i = 0; i < set->n; i++) {
		const struct arg_value *o = &set->v[i];

		if (o->v[0] == v->v[0] && o->v[1] == v->v[1] && o->is_bits == v->is_bits &&
		    o->is_any_second == v->is_any_second && o->is_startup == v->is_startup &&
		    o->at == v->at && o->node == v->node)
			return 0;
	}
	if (set->n == set->room) {
		size_t room = set->room ? set->room * 2 : 8;
		struct arg_value *bigger = realloc(set->v, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		set->v = bigger;
		set->room = room;
	}
	set->v[set->n++] = *v;
	return 0;
}

static struct arg_value at_site(const struct site *t, const struct value *made)
{
	return (struct arg_value){ .v = { (uint32_t)made->n }, .is_startup = t->s->in_startup,
				   .site_node = t->node, .site = t->at,
				   .node = made->node, .at = made->at, .lost = made->lost };
}

static void lose(struct arg_loss *l, const struct site *t, const struct answer *a,
		 const char *reason)
{
	if (l->reason)
		return;
	*l = (struct arg_loss){ .reason = reason, .site_node = t->node, .site = t->at,
				.node = t->node, .at = t->at };
	if (a->is_unknown) {
		l->node = a->node;
		l->at = a->address;
	}
}

/* The values of the second argument where the first is `first`. */
static int find_second(struct site *t, const struct value *first, struct err *e)
{
	struct arg_value v = at_site(t, first);
	struct answer a;
	int r;

	t->guards[t->n_guards] = (struct guard){ arg_register(t, t->row->index[0]), v.v[0] };
	r = search_guarded(t->search, t->node, t->at, arg_register(t, t->row->index[1]), t->guards,
			   t->n_guards + 1, &a, e);
	if (r == 0 && a.is_unknown) {
		v.is_any_second = true;
		r = keep(t, &v);
	}
	for (size_t i = 0; r == 0 && !a.is_unknown && i < a.n; i++) {
		v.v[1] = (uint32_t)a.v[i].n;
		v.node = a.v[i].node;
		v.at = a.v[i].at;
		r = keep(t, &v);
	}
	answer_done(&a);
	return r;
}

static int find_list(struct site *t, struct err *e)
{
	struct arg_loss *loss = &t->set->list[t->s->in_startup];
	struct answer a;
	int r = search_guarded(t->search, t->node, t->at, arg_register(t, t->row->index[0]),
			       t->guards, t->n_guards, &a, e);

	if (r == 0 && a.is_unknown)
		lose(loss, t, &a, a.reason);
	else if (r == 0 && a.n > ARG_MAX_VALUES)
		lose(loss, t, &a, "it has too many values");
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		struct arg_value v = at_site(t, &a.v[i]);

		/* Found beside a loss they are for people only. */
		if (t->row->n == 2 && !a.is_unknown && a.n <= ARG_MAX_VALUES) {
			r = find_second(t, &a.v[i], e);
			continue;
		}
		v.is_any_second = t->row->n == 2;
		r = keep(t, &v);
	}
	answer_done(&a);
	return r;
}

static int find_bits(struct site *t, struct err *e)
{
	struct answer a;
	int r = search_bits(t->search, t->node, t->at, arg_register(t, t->row->index[0]),
			    t->row->mask, t->guards, t->n_guards, &a, e);

	if (r == 0 && a.is_unknown)
		lose(&t->set->bits[t->s->in_startup], t, &a, a.reason);
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		struct arg_value v = at_site(t, &a.v[i]);

		v.is_bits = true;
		if (v.v[0])
			r = keep(t, &v);
	}
	answer_done(&a);
	return r;
}

static struct arg_set *set_of(struct scan *s, const struct arg_row *row)
{
	return &s->args[row->id];
}

const struct arg_set *scan_args(const struct scan *s, const struct arg_row *row)
{
	return &s->args[row->id];
}

int args_find(struct scan *s, struct search *search, uint32_t node, uint64_t at, unsigned number,
	      bool is_sure, struct err *e)
{
	const struct arg_row *row = arg_row(s, number);
	struct site t = { .s = s, .search = search, .row = row, .node = node, .at = at };
	bool is_clone = row && row->id == ARG_CLONE && model_is_shared_libc(s, node);
	int r = 0;

	if (!row)
		return 0;
	t.set = set_of(s, row);
	if (!is_sure)
		t.guards[t.n_guards++] = (struct guard){ s->graph->machine->number, number };
	if (row->n == 2 && t.n_guards == MAX_GUARDS)
		return err_set(e, -E2BIG, "arguments");
	if (is_clone)
		search_trust(search, s->graph->nodes[node].unit);
	if (row->has_list && !t.set->list[s->in_startup].reason)
		r = find_list(&t, e);
	if (r == 0 && row->mask && !t.set->bits[s->in_startup].reason)
		r = find_bits(&t, e);
	search_distrust(search);
	return r == -ENOMEM ? err_set(e, r, "arguments") : r;
}

void args_lose(struct scan *s, unsigned number, const char *why)
{
	const struct arg_row *row = arg_row(s, number);
	struct site t = { .s = s, .node = NO_NODE };
	const struct answer none = { 0 };

	if (!row)
		return;
	lose(&set_of(s, row)->list[s->in_startup], &t, &none, why);
	lose(&set_of(s, row)->bits[s->in_startup], &t, &none, why);
}

void args_done(struct scan *s)
{
	for (size_t i = 0; i < ARG_ROWS; i++)
		free(s->args[i].v);
}
