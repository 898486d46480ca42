/* SPDX-License-Identifier: Apache-2.0 */
/* scan/model.c - what no code shows: the kernel's own doings, ld.so, glibc.
 *
 * Theory of operation
 * -------------------
 * Kernel. restart_syscall is entered by the kernel itself after some interrupted
 * calls. A signal handler returns by rt_sigreturn, which the C library's
 * restorer calls; it is added whenever handlers can be installed.
 *
 * vDSO. Its functions fall back to system calls, and which do so when differs
 * between kernels. Every C library (glibc, musl, Go's runtime) calls them only
 * from the function of that name, which holds the same system call for kernels
 * without a vDSO: reaching the function allows its number. Nothing is to be
 * added as long as that holds; tests/unit/test-scan-model.c looks after it.
 *
 * ld.so. Its entry point is run by the kernel before the program's. Much of its
 * code runs only when it is called as a command (`ld.so PROGRAM`, which ends in
 * execve) or is told by its environment to profile; so it is analysed after the
 * program, by itself, and the calls of model_is_at_start() are left out. What is
 * found only then is marked as start-up. What the program reaches in ld.so
 * (dlopen, __tls_get_addr, lazy binding) is found as any other code.
 * ld.so itself looks up some functions of libc by name: they are roots.
 *
 * setxid. setuid() and its like have to change all threads. glibc puts the
 * number into a struct, and both the caller and a signal handler in each
 * thread make the system call from there. For the caller the struct is on the
 * stack of setuid() etc., which the search finds if it trusts callees to leave
 * it alone (they take it as a pointer to const, in effect). The handler reads
 * the struct through a static pointer that nobody but the caller sets, so it
 * makes the same calls. Both are told by the numbers: all of the family.
 *
 * musl hands the struct to a callback that every thread runs; the search knows
 * that form, too.
 *
 * ld.so calls setitimer() for LD_PROFILE only, which is not set (docs/scan.md).
 *
 * libcap reaches its few calls through a private table of two functions, which
 * hand their arguments to syscall(): the numbers are the first arguments of
 * all indirect calls in it.
 *
 * libseccomp looks the number of seccomp() up in its own tables by the name; it
 * makes no other call by number. */
#include "scan/scan-priv.h"

#include "base/err.h"
#include "base/scope.h"
#include "filter/syscalls.h"

#include <string.h>

/* Not those that only `ld.so PROGRAM` and LD_PROFILE make. */
bool model_is_profiler(const struct scan *s, uint32_t node, uint64_t number)
{
	return graph_unit(s->graph, node)->object == s->closure->interp && model_is_glibc(s) &&
	       number == (uint64_t)syscall_number(s->graph->machine->arch, syscall_id("setitimer"));
}

bool model_is_at_start(const struct scan *s, uint64_t number)
{
	const struct machine *m = s->graph->machine;

	return number != m->execve && number != m->setitimer && number != m->rt_sigaction &&
	       number != m->rt_sigreturn;
}

static bool has_name(const struct object *o, const char *front)
{
	const char *name = o->elf->dyn.soname ? o->elf->dyn.soname : o->name;

	return strncmp(name, front, strlen(front)) == 0;
}

bool model_is_glibc(const struct scan *s)
{
	return s->closure->interp && has_name(s->closure->interp, "ld-linux");
}

void model_add_roots(struct scan *s)
{
	static const char *const by_name[] = { "__libc_early_init", "malloc", "calloc", "realloc",
					       "free", "__libc_enable_secure_decided" };

	if (!s->closure->interp)
		return;
	if (!model_is_glibc(s)) {
		/* musl looks its own later stages up by name. */
		graph_root_symbol(s->graph, "__dls2b", "ld.so's start");
		graph_root_symbol(s->graph, "__dls3", "ld.so's start");
		graph_root(s->graph, s->closure->interp->index, s->closure->interp->elf->entry,
			   "the interpreter's entry point");
		return;
	}
	priority_add_gate(s);
	for (size_t i = 0; i < ARRAY_SIZE(by_name); i++)
		graph_root_symbol(s->graph, by_name[i], "called by ld.so");
	/* Thread-local variables are found through descriptors, whose functions ld.so
	 * puts into the GOT while it starts; one calls this at any time. */
	if (s->graph->machine->arch == FILTER_AARCH64)
		graph_root_symbol(s->graph, "__tls_get_addr", "called by TLS descriptors");
}

bool model_is_shared_libc(const struct scan *s, uint32_t node)
{
	return has_name(graph_unit(s->graph, node)->object, "libc.so.6");
}

bool model_has_clone_behind(const struct scan *s, uint32_t node)
{
	const struct unit *u = graph_unit(s->graph, node);
	uint64_t start = u->code.base + graph_func(s->graph, node)->start, distance;
	const char *name;

	if (model_is_shared_libc(s, node))
		return true;
	name = graph_symbol_at(s->graph, s->graph->nodes[node].unit, start, &distance);
	return distance == 0 && strcmp(name, "__clone3") == 0;
}

void model_add_start(struct scan *s)
{
	graph_root(s->graph, s->closure->interp->index, s->closure->interp->elf->entry,
		   "ld.so's start");
}

void model_add_calls(struct scan *s)
{
	const struct machine *m = s->graph->machine;

	scan_allow(s, m->restart_syscall, NO_NODE, 0, "the kernel restarts interrupted calls");
	if (s->calls[m->rt_sigaction].is_allowed)
		scan_allow(s, m->rt_sigreturn, NO_NODE, 0, "signal handlers return by it");
}

/* ---- the set*id() broadcast ---- */

static bool is_setxid_set(const struct machine *m, const struct answer *a)
{
	for (size_t i = 0; i < a->n; i++) {
		bool is_one = false;

		for (size_t k = 0; k < ARRAY_SIZE(m->setxid); k++)
			is_one |= a->v[i].n == m->setxid[k];
		if (!is_one)
			return false;
	}
	return a->n > 0;
}

static bool is_libc(const struct scan *s, uint32_t node)
{
	const struct object *o = graph_unit(s->graph, node)->object;

	return has_name(o, "libc.so.6") || has_name(o, "libpthread.so.0") ||
	       has_name(o, "ld-musl-") || (o->index == 0 && !s->closure->interp);
}

/* The caller's half: numbers on the stacks of setuid() and its like. */
static bool is_caller(struct scan *s, struct search *search, uint32_t node, uint64_t at)
{
	struct answer a;
	const struct machine *m = s->graph->machine;
	bool yes = search_const_argument(search, node, at, m->number, &a, NULL) == 0 &&
		   !a.is_unknown && is_setxid_set(m, &a);

	for (size_t i = 0; yes && i < a.n; i++)
		scan_allow(s, (unsigned)a.v[i].n, node, at, NULL);
	answer_done(&a);
	return yes;
}

/* The offset of the static pointer that the number is read through: the last
 * load of an absolute place into a register, before the instruction. */
static bool find_pointer(struct search *search, uint32_t node, uint64_t at, uint64_t *ret)
{
	const struct body *b = flow_body(search_flow(search), node);
	ptrdiff_t i = b ? body_at(b, at) : -1;

	while (i-- > 0) {
		const struct insn *in = &b->v[i];

		if (in->kind == INSN_LOAD && in->width == 8 && in->base == GPR_NONE &&
		    in->index == GPR_NONE && in->disp > 0) {
			*ret = (uint64_t)in->disp;
			return true;
		}
	}
	return false;
}

/* Does a function make a system call with a number that is the caller's half? */
static bool is_caller_func(struct scan *s, struct search *search, uint32_t node)
{
	const struct unit *u = graph_unit(s->graph, node);
	const struct func *fn = graph_func(s->graph, node);

	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		const struct fact *t = &u->code.facts[i];

		if (t->kind == FACT_SYSCALL &&
		    is_caller(s, search, node, u->code.base + t->at))
			return true;
	}
	return false;
}

/* The handler's half: of all reached code only the caller's half and the
 * handler itself know the pointer. */
static bool is_handler(struct scan *s, struct search *search, uint32_t node, uint64_t at)
{
	const struct graph *g = s->graph;
	const struct unit *u = graph_unit(g, node);
	uint64_t pointer;
	uint32_t at_pointer;

	if (!find_pointer(search, node, at, &pointer))
		return false;
	at_pointer = (uint32_t)(pointer - u->code.base);
	for (size_t i = 0; i < u->code.n_facts; i++) {
		const struct fact *t = &u->code.facts[i];
		uint32_t who;

		if ((t->kind != FACT_ACCESS || t->to != at_pointer) &&
		    !fact_forms(t, at_pointer, at_pointer + 1))
			continue;
		who = graph_func_at(g, g->nodes[node].unit, u->code.base + t->at);
		if (who == NO_NODE || who == node || !g->nodes[who].is_reached)
			continue;
		if (t->kind != FACT_ACCESS || !is_caller_func(s, search, who))
			return false;
	}
	return true;
}

bool model_is_setxid(struct scan *s, struct search *search, uint32_t node, uint64_t at)
{
	return is_libc(s, node) &&
	       (is_caller(s, search, node, at) || is_handler(s, search, node, at));
}

/* ---- libcap ---- */

/* call *(reg) or call *8(reg), as the table's two functions are called. */
static bool is_through_table(struct search *search, uint32_t node, uint64_t at)
{
	const struct body *b = flow_body(search_flow(search), node);
	ptrdiff_t i = b ? body_at(b, at) : -1;

	return i < 0 || (b->v[i].has_mem && b->v[i].base != GPR_NONE);
}

/* The number was lost in the private wrapper of libcap: allows the first
 * arguments of all its indirect calls. False when one of them is unknown. */
bool model_is_libcap(struct scan *s, struct search *search, uint32_t lost_node, struct err *e)
{
	const struct unit *u = graph_unit(s->graph, lost_node);
	bool yes = has_name(u->object, "libcap.so.2");

	for (size_t i = 0; yes && i < u->code.n_facts; i++) {
		const struct fact *t = &u->code.facts[i];
		uint64_t at = u->code.base + t->at;
		uint32_t node = graph_func_at(s->graph, u->object->index, at);
		struct answer a;

		if ((t->kind != FACT_CALL_ANY && t->kind != FACT_JUMP_ANY) || node == NO_NODE ||
		    !s->graph->nodes[node].is_reached || !is_through_table(search, node, at))
			continue;
		if (search_value(search, node, at, s->graph->machine->args[0], false, &a, e) < 0)
			return false;
		yes = !a.is_unknown;
		for (size_t k = 0; yes && k < a.n; k++) {
			if (a.v[k].n < SCAN_CALLS)
				scan_allow(s, (unsigned)a.v[k].n, node, at, NULL);
		}
		answer_done(&a);
	}
	return yes;
}

static bool is_go_function(const struct scan *s, uint32_t node, const char *name)
{
	const struct unit *u = graph_unit(s->graph, node);
	uint64_t distance, start = u->code.base + graph_func(s->graph, node)->start;

	return u->is_go &&
	       strcmp(graph_symbol_at(s->graph, u->object->index, start, &distance), name) == 0 &&
	       distance == 0;
}

/* internal/syscall/unix keeps the number of fcntl() in a variable, for 32-bit
 * machines, which have another one. Nobody sets it elsewhere. */
static bool is_go_fcntl(struct scan *s, uint32_t node)
{
	int number = syscall_number(s->graph->machine->arch, syscall_id("fcntl"));

	if (number < 0 || (!is_go_function(s, node, "internal/syscall/unix.IsNonblock") &&
			   !is_go_function(s, node, "internal/syscall/unix.Fcntl")))
		return false;
	scan_allow(s, (unsigned)number, node,
		   graph_unit(s->graph, node)->code.base + graph_func(s->graph, node)->start, NULL);
	return true;
}

/* Go's broadcast to all threads reads the number from a variable of the runtime,
 * which only one function sets: from its first argument. */
bool model_is_go_number(struct scan *s, struct search *search, uint32_t node, struct err *e)
{
	const struct unit *u = graph_unit(s->graph, node);
	const struct elf *f = u->object->elf;
	uint64_t start = u->code.base + graph_func(s->graph, node)->start;
	bool yes = true;

	if (is_go_fcntl(s, node))
		return true;
	if (!is_go_function(s, node, "runtime.runPerThreadSyscall") &&
	    !is_go_function(s, node, "syscall.runtime_doAllThreadsSyscall"))
		return false;
	for (size_t i = 0; yes && i < f->n_syms; i++) {
		uint32_t setter;
		struct answer a;

		if (strcmp(f->syms[i].name, "syscall.runtime_doAllThreadsSyscall") != 0)
			continue;
		setter = graph_func_at(s->graph, u->object->index, f->syms[i].value);
		if (setter == NO_NODE ||
		    search_value(search, setter, f->syms[i].value, s->graph->machine->result, false,
				 &a, e) < 0)
			return false;
		yes = !a.is_unknown;
		for (size_t k = 0; yes && k < a.n; k++) {
			if (a.v[k].n < SCAN_CALLS)
				scan_allow(s, (unsigned)a.v[k].n, node, start, NULL);
		}
		answer_done(&a);
	}
	return yes;
}

bool model_is_libseccomp(struct scan *s, uint32_t lost_node)
{
	bool yes = has_name(graph_unit(s->graph, lost_node)->object, "libseccomp.so.2");
	int number = syscall_number(s->graph->machine->arch, syscall_id("seccomp"));

	if (yes && number >= 0)
		scan_allow(s, (unsigned)number, lost_node,
			   graph_unit(s->graph, lost_node)->code.base +
				   graph_func(s->graph, lost_node)->start, NULL);
	return yes;
}

/* Is it one of Go's own functions? They are called PACKAGE.NAME; C has no dots but
 * those that gcc puts in. */
static bool is_go_code(const struct scan *s, uint32_t node)
{
	static const char *const parts[] = { ".cold", ".part.", ".isra.", ".constprop." };
	const struct unit *u = graph_unit(s->graph, node);
	uint64_t distance, start = u->code.base + graph_func(s->graph, node)->start;
	const char *name = graph_symbol_at(s->graph, u->object->index, start, &distance);
	bool yes = u->is_go && strchr(name, '.');

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		yes &= !strstr(name, parts[i]);
	return yes;
}

bool model_names(const struct scan *s, size_t unit, const char *text, uint32_t *ret_node)
{
	const struct graph *g = s->graph;
	const struct unit *u = &g->units[unit];
	size_t n = strlen(text);

	for (size_t i = 0; i < u->code.n_facts; i++) {
		const struct fact *t = &u->code.facts[i];
		const uint8_t *p;

		if (t->kind != FACT_ADDRESS)
			continue;
		p = elf_at(u->object->elf, u->code.base + t->to, n);
		if (!p || memcmp(p, text, n) != 0)
			continue;
		*ret_node = graph_func_at(g, unit, u->code.base + t->at);
		if (*ret_node != NO_NODE && g->nodes[*ret_node].is_reached &&
		    !is_go_code(s, *ret_node))
			return true;
	}
	return false;
}
