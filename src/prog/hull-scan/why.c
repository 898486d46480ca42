/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/why.c - the shortest chain from an entry point to a call.
 *
 * Every reached node knows who reached it first, and the search was breadth
 * first; so following the parents from the instruction gives the chain. */
#include "prog/hull-scan/report.h"

#include "base/err.h"

#include <string.h>

static const char *describe(struct scan *s, uint32_t node)
{
	const struct unit *u = graph_unit(s->graph, node);
	const struct extent *x = u->data.extents;
	uint32_t region = node - u->first_region;
	const char *name;
	uint64_t distance;

	if (!s->graph->nodes[node].is_region)
		return scan_place(s, node, u->code.base + graph_func(s->graph, node)->start);
	for (size_t i = 0; i < u->data.n_extents; i++, x++) {
		if (x->region != region)
			continue;
		name = graph_symbol_at(s->graph, s->graph->nodes[node].unit,
				       u->data.base + x->start, &distance);
		name = arena_printf(&s->arena, "%s%s (0x%llx in %s)",
				    *name ? "the data " : "data", name,
				    (unsigned long long)(u->data.base + x->start), u->object->name);
		return name ? name : "";
	}
	return "thread-local data";
}

/* How a node leads to the next one of the chain. */
static const char *verb(const struct scan *s, uint32_t from, uint32_t to)
{
	const struct graph *g = s->graph;
	const struct unit *u = graph_unit(g, from);
	const struct func *fn;

	if (g->nodes[from].is_region)
		return "points to";
	if (g->nodes[to].is_region)
		return "uses";
	fn = graph_func(g, from);
	for (uint32_t i = fn->first_fact; i < fn[1].first_fact; i++) {
		const struct fact *t = &u->code.facts[i];

		if (t->at != g->nodes[to].at)
			continue;
		if (t->kind == FACT_CALL || t->kind == FACT_CALL_SLOT)
			return "calls";
		if (t->kind == FACT_JUMP || t->kind == FACT_JUMP_SLOT || t->kind == FACT_BRANCH)
			return "jumps to";
		if (t->kind == FACT_ADDRESS || t->kind == FACT_PAGE || t->kind == FACT_ACCESS)
			return "takes the address of";
	}
	return "leads to";
}

static void print_chain(struct scan *s, uint32_t to, FILE *out)
{
	uint32_t chain[256], node;
	size_t n = 0;

	for (node = to; node != NO_NODE && n < 256; node = s->graph->nodes[node].parent)
		chain[n++] = node;
	while (n-- > 0) {
		const struct node *at = &s->graph->nodes[chain[n]];

		if (at->root)
			fprintf(out, "%s, %s\n", describe(s, chain[n]), at->root);
		else
			fprintf(out, "  %s %s\n", verb(s, at->parent, chain[n]),
				describe(s, chain[n]));
	}
}

void report_why(struct scan *s, unsigned number, FILE *out)
{
	const struct scan_call *c = &s->calls[number];

	if (c->node == NO_NODE) {
		fprintf(out, "%s: %s\n", s->options->program, c->why);
		return;
	}
	print_chain(s, c->node, out);
	fprintf(out, "  makes the call at %s\n", scan_place(s, c->node, c->address));
}

/* ---- arguments ---- */

static bool is_meant(const struct arg_row *row, const struct arg_value *v, const uint32_t want[2],
		     bool has_second)
{
	if (v->is_bits)
		return v->v[0] & want[0];
	return v->v[0] == want[0] &&
	       (!has_second || row->n == 1 || v->is_any_second || v->v[1] == want[1]);
}

static void print_value(struct scan *s, const struct arg_value *v, FILE *out)
{
	print_chain(s, v->node, out);
	fprintf(out, "  %s at %s%s%s\n  for the call at %s\n",
		v->lost ? "may set it" : "sets it", scan_place(s, v->node, v->at),
		v->lost ? ": " : "", v->lost ? v->lost : "",
		scan_place(s, v->site_node, v->site));
}

void report_loss(struct scan *s, const struct arg_loss *l, FILE *out)
{
	if (l->node == NO_NODE) {
		fprintf(out, "it may be anything: %s\n", l->reason);
		return;
	}
	print_chain(s, l->node, out);
	fprintf(out, "  may set it to anything at %s: %s\n  for the call at %s\n",
		scan_place(s, l->node, l->at), l->reason, scan_place(s, l->site_node, l->site));
}

static bool parse(const struct arg_row *row, const char *text, uint32_t v[2], bool *ret_has_second)
{
	const char *slash = strchr(text, '/');
	char first[64];

	*ret_has_second = slash;
	if (!slash)
		return arg_value_of(row, 0, text, &v[0]);
	snprintf(first, sizeof(first), "%.*s", (int)(slash - text), text);
	return arg_value_of(row, 0, first, &v[0]) &&
	       arg_value_of(row, 1, slash + 1, &v[1]);
}

int report_why_value(const struct family *f, unsigned number, const char *text, FILE *out,
		     struct err *e)
{
	const struct arg_row *row = arg_row(f->v[0], number);
	uint32_t want[2] = { 0 };
	bool has_second;
	int n = 0;

	if (!row)
		return err_input(e, "%s: hull-scan looks at no arguments of this call",
				 report_name(f, number));
	if (!parse(row, text, want, &has_second))
		return err_input(e, "\"%s\" is no %s that hull-scan knows by name, and no number",
				 text, row->what[0]);
	for (size_t i = 0; i < f->n; i++) {
		struct scan *s = f->v[i];
		const struct arg_set *set = scan_args(s, row);

		for (size_t k = 0; k < set->n; k++) {
			if (!is_meant(row, &set->v[k], want, has_second))
				continue;
			fprintf(out, "%s", n++ ? "\n" : "");
			print_value(s, &set->v[k], out);
		}
		for (int phase = 0; row->has_list && phase < 2; phase++) {
			if (!set->list[phase].reason)
				continue;
			fprintf(out, "%s", n++ ? "\n" : "");
			report_loss(s, &set->list[phase], out);
		}
	}
	return n;
}
