/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/why.c - the shortest chain from an entry point to a call.
 *
 * Every reached node knows who reached it first, and the search was breadth
 * first; so following the parents from the instruction gives the chain. */
#include "prog/hull-scan/report.h"

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
		name = arena_printf(&s->arena, "the data %s (0x%llx in %s)", name,
				    (unsigned long long)(u->data.base + x->start), u->object->name);
		return name ? name : "";
	}
	return "thread-local data";
}

void report_why(struct scan *s, unsigned number, FILE *out)
{
	const struct scan_call *c = &s->calls[number];
	uint32_t chain[256], node;
	size_t n = 0;

	if (c->node == NO_NODE) {
		fprintf(out, "%s: %s\n", s->options->program, c->why);
		return;
	}
	for (node = c->node; node != NO_NODE && n < 256; node = s->graph->nodes[node].parent)
		chain[n++] = node;
	while (n-- > 0) {
		const struct node *at = &s->graph->nodes[chain[n]];

		fprintf(out, "%s%s%s%s\n", at->root ? "" : "  -> ", describe(s, chain[n]),
			at->root ? ", " : "", at->root ? at->root : "");
	}
	fprintf(out, "  => %s\n", scan_place(s, c->node, c->address));
}
