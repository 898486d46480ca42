/* SPDX-License-Identifier: Apache-2.0 */
/* scan/data.c - the pointers in an object's data, and which live together.
 *
 * Theory of operation
 * -------------------
 * Pointers are what relocations say. A program linked to a fixed place has none
 * of those, so there every word, at any alignment, whose value lies inside of
 * the image is taken as one; a number that looks so by chance only adds.
 *
 * Extents are made area by area. An area is a section, or a segment of a file
 * without sections. In it each variable with a size (.symtab, or that of the
 * separate debug file with the same build id) is an extent and a region of its
 * own; variables that overlap share one. What lies between them (constants
 * without a name, padding) belongs to the area's common region. Entries of
 * .got stand alone.
 *
 * Then every pointer is put into the region of the extent it stands in. */
#include "scan/data.h"

#include "base/err.h"
#include "base/scope.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How close to the end of a variable a reference may mean the next. */
enum { FOLDED = 64 };

struct area {
	uint64_t start, end;
	bool is_got, is_ignored;
};

void data_done(struct data *d)
{
	free(d->pointers);
	free(d->extents);
	free(d->first);
	free(d->labels);
	*d = (struct data){ 0 };
}

/* Sections that hold no pointers of the program's own. */
static bool is_bookkeeping(const char *name)
{
	static const char *const names[] = { ".eh_frame", ".eh_frame_hdr", ".gcc_except_table",
					     ".dynsym", ".dynstr", ".gnu.hash", ".hash",
					     ".gnu.version", ".gnu.version_r", ".gnu.version_d",
					     ".dynamic", ".interp" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, ".note", 5) == 0;
}

static size_t find_areas(const struct elf *f, struct area *v)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_sects; i++) {
		const struct elf_sect *s = &f->sects[i];

		if (!s->is_exec && s->start < s->end)
			v[n++] = (struct area){ s->start, s->end,
						strncmp(s->name, ".got", 4) == 0 &&
							elf_at(f, s->start, s->end - s->start),
						is_bookkeeping(s->name) };
	}
	for (size_t i = 0; !f->n_sects && i < f->n_segs; i++) {
		if (!f->segs[i].is_exec)
			v[n++] = (struct area){ f->segs[i].start, f->segs[i].end };
	}
	return n;
}

struct list {
	struct elf_rel *v;
	size_t n, room;
};

static int push(struct list *l, struct elf_rel rel)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 1024;
		struct elf_rel *v = realloc(l->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = rel;
	return 0;
}

static int add_words(const struct elf *f, uint64_t start, uint64_t end, struct list *l)
{
	const struct elf_seg *s = elf_seg_of(f, start);
	uint64_t stop = s && s->file_end < end ? s->file_end : end;
	int r = 0;

	for (uint64_t at = start; s && r == 0 && at + 8 <= stop; at++) {
		uint64_t v = elf_u64(s->bytes + (at - s->start));

		if (v && v >= f->base && v < f->end && elf_seg_of(f, v))
			r = push(l, (struct elf_rel){ .where = at, .addend = v,
						      .kind = ELF_REL_RELATIVE });
	}
	return r;
}

/* Relocations in order; what a fixed program holds besides goes behind. */
static int find_pointers(const struct elf *f, const struct area *areas, size_t n,
			 struct list *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n_rels; i++) {
		enum elf_rel_kind kind = f->rels[i].kind;

		if (kind == ELF_REL_RELATIVE || kind == ELF_REL_SYMBOL || kind == ELF_REL_COPY)
			r = push(l, f->rels[i]);
	}
	for (size_t i = 0; r == 0 && f->type == ET_EXEC && i < n; i++) {
		if (!areas[i].is_ignored)
			r = add_words(f, areas[i].start, areas[i].end, l);
	}
	return r;
}

struct variables {
	struct extent *v;
	size_t n;
};

static int by_start(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void add_variables(const struct elf *f, const struct elf_sym *v, size_t n,
			  struct variables *vars)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t end;

		if (v[i].type != STT_OBJECT || !v[i].size || v[i].section == SHN_UNDEF ||
		    v[i].value < f->base ||
		    __builtin_add_overflow(v[i].value, v[i].size, &end) || end > f->end ||
		    elf_is_code(f, v[i].value))
			continue;
		vars->v[vars->n++] = (struct extent){
			.start = (uint32_t)(v[i].value - f->base),
			.end = (uint32_t)(end - f->base),
		};
	}
}

/* All variables, sorted, those that overlap as one. */
static int find_variables(const struct elf *f, const struct elf *debug, struct variables *vars)
{
	size_t all = f->n_dynsyms + f->n_syms + (debug ? debug->n_syms : 0) + f->n_rels;
	size_t n = 0;

	vars->v = calloc(all + 1, sizeof(*vars->v));
	if (!vars->v)
		return -ENOMEM;
	add_variables(f, f->dynsyms, f->n_dynsyms, vars);
	add_variables(f, f->syms, f->n_syms, vars);
	if (debug)
		add_variables(f, debug->syms, debug->n_syms, vars);
	qsort(vars->v, vars->n, sizeof(*vars->v), by_start);
	for (size_t i = 0; i < vars->n; i++) {
		if (n && vars->v[n - 1].end > vars->v[i].start) {
			if (vars->v[n - 1].end < vars->v[i].end)
				vars->v[n - 1].end = vars->v[i].end;
			continue;
		}
		vars->v[n++] = vars->v[i];
	}
	vars->n = n;
	return 0;
}

/* The extents of one area: its variables, and its common region between. */
static void cut_area(struct data *d, const struct area *a, const struct variables *vars)
{
	uint32_t at = (uint32_t)(a->start - d->base), end = (uint32_t)(a->end - d->base);
	uint32_t common = d->n_regions++;

	for (size_t i = 0; i < vars->n && at < end; i++) {
		const struct extent *x = &vars->v[i];

		if (x->end <= at || x->start >= end)
			continue;
		if (x->start > at)
			d->extents[d->n_extents++] = (struct extent){ at, x->start, common, false };
		d->extents[d->n_extents++] = (struct extent){
			x->start > at ? x->start : at, x->end < end ? x->end : end,
			d->n_regions++, true
		};
		at = x->end;
	}
	if (at < end)
		d->extents[d->n_extents++] = (struct extent){ at, end, common, false };
}

/* Each entry of .got by itself. */
static void cut_got(struct data *d, const struct area *a)
{
	for (uint64_t at = a->start; at + 8 <= a->end; at += 8)
		d->extents[d->n_extents++] = (struct extent){
			(uint32_t)(at - d->base), (uint32_t)(at + 8 - d->base),
			d->n_regions++, false
		};
}

static int make_extents(struct data *d, const struct area *areas, size_t n,
			const struct variables *vars)
{
	size_t room = 2 * (n + vars->n) + n;

	for (size_t i = 0; i < n; i++) {
		if (areas[i].is_got)
			room += (areas[i].end - areas[i].start) / 8;
	}
	d->n_regions = 1; /* D2 */
	d->extents = calloc(room + 1, sizeof(*d->extents));
	if (!d->extents)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (areas[i].is_got)
			cut_got(d, &areas[i]);
		else
			cut_area(d, &areas[i], vars);
	}
	return 0;
}

/* The last extent that begins at or before an address; NULL: none. */
static const struct extent *extent_at(const struct data *d, uint64_t address)
{
	uint64_t at = address - d->base;
	size_t low = 0, high = d->n_extents;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (d->extents[mid].start <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || d->extents[low - 1].end <= at)
		return NULL;
	return &d->extents[low - 1];
}

size_t data_regions_at(const struct data *d, uint64_t address, uint32_t v[2])
{
	const struct extent *x = extent_at(d, address);
	uint64_t at = address - d->base;
	size_t n = 0;

	if (!x)
		return 0;
	v[n++] = x->region;
	if (at != x->start && at + FOLDED > x->end && x + 1 < d->extents + d->n_extents &&
	    x[1].start == x->end)
		v[n++] = x[1].region;
	return n;
}

/* Sorts the pointers into their regions by counting. */
static int sort_pointers(struct data *d, const struct list *l)
{
	uint32_t *region = calloc(l->n + 1, sizeof(*region));

	d->first = calloc((size_t)d->n_regions + 2, sizeof(*d->first));
	d->pointers = calloc(l->n + 1, sizeof(*d->pointers));
	if (!region || !d->first || !d->pointers) {
		free(region);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct extent *x = extent_at(d, l->v[i].where);

		region[i] = x ? x->region : 0;
		d->first[region[i] + 2]++;
	}
	for (uint32_t i = 2; i < d->n_regions + 2; i++)
		d->first[i] += d->first[i - 1];
	for (size_t i = 0; i < l->n; i++)
		d->pointers[d->first[region[i] + 1]++] = l->v[i];
	d->n_pointers = l->n;
	free(region);
	return 0;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int find_labels(const struct elf *f, struct data *d)
{
	d->labels = calloc(d->n_pointers + f->n_rels + 1, sizeof(*d->labels));
	if (!d->labels)
		return -ENOMEM;
	for (size_t i = 0; i < d->n_pointers; i++) {
		const struct elf_rel *p = &d->pointers[i];

		if (p->kind == ELF_REL_RELATIVE && elf_is_code(f, p->addend))
			d->labels[d->n_labels++] = p->addend;
	}
	for (size_t i = 0; i < f->n_rels; i++) {
		if (f->rels[i].kind == ELF_REL_IRELATIVE)
			d->labels[d->n_labels++] = f->rels[i].addend;
	}
	qsort(d->labels, d->n_labels, sizeof(*d->labels), by_address);
	return 0;
}

static int read_all(const struct elf *f, const struct elf *debug, struct area *areas,
		    struct data *d)
{
	size_t n = find_areas(f, areas);
	struct variables vars = { 0 };
	struct list l = { 0 };
	int r = find_pointers(f, areas, n, &l);

	if (r == 0)
		r = find_variables(f, debug, &vars);
	if (r == 0)
		r = make_extents(d, areas, n, &vars);
	if (r == 0)
		r = sort_pointers(d, &l);
	if (r == 0)
		r = find_labels(f, d);
	free(vars.v);
	free(l.v);
	return r;
}

int data_read(const struct elf *f, const struct elf *debug, struct data *ret_d,
	      struct err *e)
{
	auto_free struct area *areas = calloc(f->n_sects + f->n_segs + 1, sizeof(*areas));
	int r;

	*ret_d = (struct data){ .base = f->base };
	r = areas ? read_all(f, debug, areas, ret_d) : -ENOMEM;
	if (r < 0) {
		data_done(ret_d);
		return err_set(e, r, "read data");
	}
	return 0;
}
