/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/html.c - the answer as one page, for people.
 *
 * The page needs nothing from elsewhere, no script, and says so to the browser
 * (Content-Security-Policy). Names of symbols and files come from the program
 * that was analysed, which may be an enemy's: everything is escaped. */
#include "prog/hull-scan/report.h"

#include "base/err.h"
#include "prog/hull-scan/danger.h"

#include <errno.h>
#include <stdlib.h>

struct page {
	const struct family *family;
	const struct policy_options *options;
	FILE *out;
};

static const char head[] =
	"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<style>\n"
	":root { color-scheme: light dark; --line: #8884; --soft: #8882; --bad: #c0392b; "
	"--mono: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }\n"
	"@media (prefers-color-scheme: dark) { :root { --bad: #ff8a7a } }\n"
	"body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }\n"
	"h1 { font-size: 1.6rem; overflow-wrap: anywhere } h2 { font-size: 1.2rem; margin-top: 2.5rem }\n"
	"code, pre, td.name { font-family: var(--mono); font-size: .875rem }\n"
	"nav a { margin-right: 1rem }\n"
	".figures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }\n"
	".figures li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem }\n"
	".figures b { display: block; font-size: 1.5rem }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th { text-align: left } th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); "
	"vertical-align: top }\n"
	"th.number { width: 3rem } th.name { width: 18rem } td.number { text-align: right; color: GrayText }\n"
	"#calls ~ table { table-layout: fixed }\n"
	"td { overflow-wrap: anywhere }\n"
	".danger { color: var(--bad); font-weight: 600 }\n"
	".tag { background: var(--soft); border-radius: .3rem; padding: 0 .4rem; font-size: .8rem; "
	"white-space: nowrap }\n"
	"pre { background: var(--soft); padding: .6rem; border-radius: .4rem; overflow-x: auto; margin: .4rem 0 }\n"
	"summary { cursor: pointer }\n"
	"@media print { details > * { display: block } nav { display: none } }\n"
	"</style>\n";

static void escape(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc((unsigned char)*text < ' ' && *text != '\n' && *text != '\t' ? '?'
											   : *text,
			      out);
		}
	}
}

/* What the printers of text say, escaped. */
struct capture {
	char *text;
	size_t size;
	FILE *f;
};

static FILE *capture_begin(struct capture *c)
{
	*c = (struct capture){ 0 };
	c->f = open_memstream(&c->text, &c->size);
	return c->f;
}

static void capture_end(struct capture *c, FILE *out)
{
	if (c->f)
		fclose(c->f);
	if (c->text)
		escape(c->text, out);
	free(c->text);
}

static void print_figure(const struct page *p, size_t n, const char *what)
{
	fprintf(p->out, "<li><b>%zu</b>%s</li>\n", n, what);
}

static size_t count_questions(const struct page *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->family->n; i++)
		n += p->family->v[i]->n_questions;
	return n;
}

static size_t count_dangers(const struct page *p)
{
	size_t n = 0;

	for (unsigned i = 0; i < SCAN_CALLS; i++)
		n += family_allows(p->family, i, p->options->with_startup) &&
		     danger_of(report_name(p->family, i));
	return n;
}

static size_t count_refused(const struct page *p)
{
	size_t n = 0;

	for (unsigned i = 0; i < SCAN_CALLS; i++)
		n += report_name(p->family, i) &&
		     !family_allows(p->family, i, p->options->with_startup);
	return n;
}

static void print_summary(const struct page *p)
{
	const char *program = p->family->v[0]->options->program;
	size_t questions = count_questions(p), sites = 0;

	for (size_t i = 0; i < p->family->n; i++)
		sites += p->family->v[i]->n_sites;
	fprintf(p->out, "<title>System calls of ");
	escape(program, p->out);
	fprintf(p->out, "</title>\n</head>\n<body>\n<h1>System calls of <code>");
	escape(program, p->out);
	fprintf(p->out, "</code></h1>\n<nav><a href=\"#dangers\">Sensitive calls</a><a "
			"href=\"#calls\">All calls</a><a href=\"#questions\">Open "
			"questions</a><a href=\"#files\">Files</a></nav>\n<ul class=\"figures\">\n");
	print_figure(p, family_count(p->family, true), "calls can be made");
	print_figure(p, family_count(p->family, false), "of them after start-up");
	print_figure(p, count_refused(p), "are refused");
	print_figure(p, count_dangers(p), "of those that can be made are sensitive");
	print_figure(p, sites, "system call instructions were resolved");
	print_figure(p, questions, questions == 1 ? "open question" : "open questions");
	fprintf(p->out, "</ul>\n");
	if (questions)
		fprintf(p->out, "<p class=\"danger\">This is no complete answer: what is asked below "
				"has to be declared.</p>\n");
}

static void print_dangers(const struct page *p)
{
	const struct danger *d;

	fprintf(p->out, "<h2 id=\"dangers\">Sensitive calls</h2>\n<table>\n<tr><th>What the calls "
			"do<th>Can be made<th>Are refused</tr>\n");
	for (size_t i = 0; (d = danger_kind(i)); i++) {
		struct capture yes, no;
		FILE *f[2] = { capture_begin(&no), capture_begin(&yes) };

		for (unsigned k = 0; k < SCAN_CALLS; k++) {
			const char *name = report_name(p->family, k);
			bool can = family_allows(p->family, k, p->options->with_startup);

			if (danger_of(name) == d && f[can])
				fprintf(f[can], "%s ", name);
		}
		fprintf(p->out, "<tr><td>%s<td class=\"name danger\">", d->what);
		capture_end(&yes, p->out);
		fprintf(p->out, "<td class=\"name\">");
		capture_end(&no, p->out);
		fprintf(p->out, "</tr>\n");
	}
	fprintf(p->out, "</table>\n");
}

static void print_call(const struct page *p, unsigned number, struct scan *s)
{
	const struct scan_call *c = &s->calls[number];
	const char *name = report_name(p->family, number);
	const struct danger *d = danger_of(name);
	struct capture text;

	fprintf(p->out, "<tr id=\"call-%u\"><td class=\"number\">%u<td class=\"name%s\">%s", number,
		number, d ? " danger" : "", name ? name : "(no name)");
	if (c->is_startup_only)
		fprintf(p->out, " <span class=\"tag\">start-up</span>");
	if (c->is_widened)
		fprintf(p->out, " <span class=\"tag\">widened</span>");
	if (d)
		fprintf(p->out, " <span class=\"tag\">%s</span>", d->what);
	fprintf(p->out, "<td><details><summary>");
	escape(c->node == NO_NODE ? c->why : scan_place(s, c->node, c->address), p->out);
	fprintf(p->out, "</summary><pre>");
	if (capture_begin(&text))
		report_why(s, number, text.f);
	capture_end(&text, p->out);
	fprintf(p->out, "</pre></details>");
	if (capture_begin(&text))
		report_arguments(p->family, number, p->options->with_startup, text.f);
	capture_end(&text, p->out);
	fprintf(p->out, "</tr>\n");
}

static void print_calls(const struct page *p)
{
	fprintf(p->out, "<h2 id=\"calls\">All calls</h2>\n<p>Open a line to see the shortest chain "
			"from an entry point to the instruction.</p>\n<table>\n"
			"<tr><th class=\"number\">No.<th class=\"name\">Call<th>Made at, and its arguments</tr>\n");
	for (unsigned i = 0; i < SCAN_CALLS; i++) {
		struct scan *s = family_allows(p->family, i, p->options->with_startup);

		if (s)
			print_call(p, i, s);
	}
	fprintf(p->out, "</table>\n");
}

static void print_questions(const struct page *p)
{
	struct capture text;

	fprintf(p->out, "<h2 id=\"questions\">Open questions</h2>\n");
	if (!count_questions(p)) {
		fprintf(p->out, "<p>None: the list is complete.</p>\n");
		return;
	}
	fprintf(p->out, "<pre>");
	if (capture_begin(&text))
		report_questions(p->family, text.f);
	capture_end(&text, p->out);
	fprintf(p->out, "</pre>\n");
}

static void print_files(const struct page *p)
{
	fprintf(p->out, "<h2 id=\"files\">Files that were analysed</h2>\n");
	for (size_t i = 0; i < p->family->n; i++) {
		struct scan *s = p->family->v[i];

		fprintf(p->out, "<h3><code>");
		escape(s->options->program, p->out);
		fprintf(p->out, "</code>%s</h3>\n<ul>\n", i ? ", which is executed" : "");
		for (size_t k = 0; k < s->closure->n; k++) {
			fprintf(p->out, "<li><code>");
			escape(s->closure->v[k]->path, p->out);
			fprintf(p->out, "</code>%s</li>\n",
				s->closure->v[k]->is_plugin ? " <span class=\"tag\">plugin</span>"
							    : "");
		}
		fprintf(p->out, "</ul>\n");
	}
}

int format_html(const struct family *f, const struct policy_options *o, FILE *out, struct err *e)
{
	const struct page p = { f, o, out };

	(void)e;
	fputs(head, out);
	print_summary(&p);
	print_dangers(&p);
	print_calls(&p);
	print_questions(&p);
	print_files(&p);
	fprintf(out, "<p><small>Made by hull-scan " HULL_VERSION ".</small></p>\n</body>\n</html>\n");
	return 0;
}
