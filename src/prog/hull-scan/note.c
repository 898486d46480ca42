/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-scan/note.c - hull-scan note: what a file carries, for people. */
#include "base/err.h"
#include "base/scope.h"
#include "filter/syscalls.h"
#include "prog/hull-scan/report.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

DEFINE_SCOPE(elf, struct elf, elf_free)
#define auto_elf __attribute__((cleanup(scope_elf)))

/* A note is whatever its maker has put in: no control characters. */
static void print_bytes(const char *s, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++)
		fputc((unsigned char)s[i] < ' ' || s[i] == 127 ? '?' : s[i], out);
}

static void print_line(const char *title, const struct note_record *r, FILE *out)
{
	fprintf(out, "%s", title);
	print_bytes((const char *)r->bytes, r->size, out);
	fprintf(out, "\n");
}

static void print_answers(const struct note_record *r, FILE *out)
{
	static const char *const options[] = { "unknown", "dlopen", "dlsym", "exec",
					       "other-abi" };
	static const char *const words[] = { NULL, "none", "any" };

	for (size_t i = 0; i < ARRAY_SIZE(options) && i < r->size; i++) {
		if (r->bytes[i] < ARRAY_SIZE(words) && words[r->bytes[i]])
			fprintf(out, "answer: %s %s\n", options[i], words[r->bytes[i]]);
	}
}

static void print_symbols(const struct note_record *r, FILE *out)
{
	const uint8_t *at = r->bytes, *end = at + r->size;
	size_t funcs = 0, all = 0;
	uint64_t step, size;

	while (at < end && note_number(&at, end, &step) && note_number(&at, end, &size)) {
		funcs += size & 1;
		all++;
	}
	fprintf(out, "symbols: %zu functions, %zu variables in %zu bytes\n", funcs, all - funcs,
		r->size);
}

static void print_set(const struct note_record *r, enum filter_arch arch, FILE *out)
{
	uint64_t bits[NOTE_CALLS / 64];
	const uint8_t *rest;
	const char *phase;
	size_t n, count = 0;

	if (!note_split(r, &phase, &rest, &n) || !note_calls(rest, n, bits))
		return;
	for (unsigned i = 0; i < NOTE_CALLS / 64; i++)
		count += (size_t)__builtin_popcountll(bits[i]);
	fprintf(out, "calls of phase ");
	print_bytes(phase, strlen(phase), out);
	fprintf(out, " (%zu):", count);
	for (unsigned i = 0; i < NOTE_CALLS; i++) {
		const char *name = syscall_name(arch, i);

		if (bits[i / 64] >> (i % 64) & 1)
			fprintf(out, " %s", name ? name : "?");
	}
	fprintf(out, "\n");
}

static void print_object(const struct note_record *r, FILE *out)
{
	size_t n = r->size < 2 ? r->size : r->bytes[1];

	if (r->size < 2 || n > r->size - 2)
		return;
	fprintf(out, "closed over: ");
	print_bytes((const char *)r->bytes + 2 + n, r->size - 2 - n, out);
	fprintf(out, " %s ", r->bytes[0] == NOTE_ID_BUILD ? "build id" : "code");
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", r->bytes[2 + i]);
	fprintf(out, "\n");
}

static void print_filter(const struct note_record *r, FILE *out)
{
	const uint8_t *code;
	const char *phase;
	size_t n;

	if (!note_split(r, &phase, &code, &n))
		return;
	fprintf(out, "filter of phase ");
	print_bytes(phase, strlen(phase), out);
	fprintf(out, ": %zu instructions\n", n / 8);
}

static void print_record(const struct note_record *r, enum filter_arch arch, FILE *out)
{
	static const char *const texts[] = {
		[NOTE_TOOL] = "made by: ", [NOTE_PLUGIN] = "answer: plugin ",
		[NOTE_PROGRAM] = "answer: exec ", [NOTE_LOADS] = "loads: ",
		[NOTE_EXECUTES] = "executes: ", [NOTE_OPEN] = "open: ",
	};

	if (r->kind < ARRAY_SIZE(texts) && texts[r->kind])
		print_line(texts[r->kind], r, out);
	else if (r->kind == NOTE_ANSWERS)
		print_answers(r, out);
	else if (r->kind == NOTE_SYMBOLS)
		print_symbols(r, out);
	else if (r->kind == NOTE_SET)
		print_set(r, arch, out);
	else if (r->kind == NOTE_OBJECT)
		print_object(r, out);
	else if (r->kind == NOTE_BPF)
		print_filter(r, out);
	else
		fprintf(out, "record of kind %u: %zu bytes\n", r->kind, r->size);
}

int run_note(void *ctx, const void *opts, int argc, char **argv, struct err *e)
{
	auto_fd int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	auto_elf struct elf *f = NULL;
	struct note_record r = { 0 };
	int ret;

	(void)ctx;
	(void)opts;
	(void)argc;
	if (fd < 0)
		return err_sys(e, "%s", argv[0]);
	ret = elf_read(fd, &f, e);
	if (ret < 0)
		return err_ctx(e, ret, "%s", argv[0]);
	if (!f->carried.desc || (!f->carried.is_good && !f->carried.is_stale)) {
		err_plain(e, -ENOENT, "%s carries no note", argv[0]);
		return err_hint(e, -ENOENT, "build it with hull-cc");
	}
	if (f->carried.is_stale)
		return err_plain(e, -ESTALE, "%s: its note was made for other code: it is ignored",
				 argv[0]);
	while (note_next(&f->carried.note, &r))
		print_record(&r, f->machine == EM_AARCH64 ? FILTER_AARCH64 : FILTER_X86_64,
			     stdout);
	return 0;
}

void report_stale(const struct family *f, FILE *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct closure *c = f->v[i]->closure;

		for (size_t k = 0; k < c->n; k++) {
			if (c->v[k]->elf->carried.is_stale)
				fprintf(out, "hull-scan: warning: %s: its note was made for other "
					     "code: it is ignored\n", c->v[k]->path);
		}
	}
}
