/* SPDX-License-Identifier: Apache-2.0 */
/* scan/variable.c - who writes a static variable.
 *
 * Compilers name a static variable directly where they can. If all that names
 * it are instructions with its address as their memory operand, these are all
 * that can change it. Its bounds must be known from a symbol: else a pointer to
 * what seems another variable may be one to the struct around this one. */
#include "scan/variable.h"

#include <elf.h>
#include <stdlib.h>

static const struct extent *bounds(const struct unit *u, uint64_t address)
{
	for (size_t i = 0; i < u->data.n_extents; i++) {
		const struct extent *x = &u->data.extents[i];

		if (x->is_variable && address - u->data.base >= x->start &&
		    address - u->data.base < x->end)
			return x;
	}
	return NULL;
}

static bool is_pointed_at(const struct unit *u, const struct extent *x)
{
	uint64_t start = u->data.base + x->start, end = u->data.base + x->end;
	const struct elf *f = u->object->elf;

	for (size_t i = 0; i < u->data.n_pointers; i++) {
		const struct elf_rel *p = &u->data.pointers[i];

		if (p->kind == ELF_REL_RELATIVE && p->addend >= start && p->addend < end)
			return true;
		if (p->kind == ELF_REL_COPY && p->where >= start && p->where < end)
			return true;
	}
	for (size_t i = 0; i < f->n_dynsyms; i++) {
		const struct elf_sym *s = &f->dynsyms[i];

		if (s->section != SHN_UNDEF && s->value >= start && s->value < end)
			return true;
	}
	return false;
}

/* Facts about the variable, or about what may be a folded address of it. */
static bool is_formed(const struct unit *u, const struct extent *x, const struct fact *t)
{
	uint32_t regions[2];
	size_t n;

	if (t->kind == FACT_PAGE)
		return fact_forms(t, x->start, x->end);
	if (t->kind != FACT_ADDRESS)
		return false;
	n = data_regions_at(&u->data, u->data.base + t->to, regions);
	for (size_t i = 0; i < n; i++) {
		if (regions[i] == x->region)
			return true;
	}
	return false;
}

bool variable_writers(const struct graph *g, size_t unit, uint64_t address,
		      struct writer **ret_v, size_t *ret_n)
{
	const struct unit *u = &g->units[unit];
	const struct extent *x = bounds(u, address);
	struct writer *v;
	size_t n = 0;

	*ret_v = NULL;
	if (!x || is_pointed_at(u, x))
		return false;
	v = calloc(u->code.n_facts + 1, sizeof(*v));
	for (size_t i = 0; v && i < u->code.n_facts; i++) {
		const struct fact *t = &u->code.facts[i];
		uint64_t at = u->code.base + t->at;
		uint32_t node;

		if (is_formed(u, x, t)) {
			free(v);
			return false;
		}
		if (t->kind != FACT_ACCESS || t->to < x->start || t->to >= x->end)
			continue;
		node = graph_func_at(g, unit, at);
		if (node != NO_NODE && g->nodes[node].is_reached)
			v[n++] = (struct writer){ node, at, u->data.base + t->to };
	}
	*ret_v = v;
	*ret_n = n;
	return v;
}
