/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sweep FILE... - how fast hull-scan reads code, beside bare Zydis.
 *
 * Zydis decodes instruction after instruction of all executable segments, without
 * operands, and keeps nothing. code_read() makes functions, facts, jump tables and
 * edges of the same bytes. The fastest of ROUNDS interleaved runs counts. */
#include "scan/code.h"

#include <Zydis/Zydis.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t sweep_bare(const ZydisDecoder *d, const struct elf *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_segs; i++) {
		const struct elf_seg *s = &f->segs[i];
		size_t size = s->is_exec ? s->file_end - s->start : 0, at = 0;

		while (at < size) {
			ZydisDecodedInstruction in;
			ZydisDecoderContext c;
			bool is_one = ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
				d, &c, s->bytes + at, size - at, &in));

			at += is_one ? in.length : 1;
			n += is_one;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	double bare_all = 0, ours_all = 0, bytes_all = 0;
	ZydisDecoder d;

	ZydisDecoderInit(&d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	printf("| file | code | bare Zydis | hull-scan | ratio (goal 0.8) |\n|---|---|---|---|---|\n");
	for (int k = 1; k < argc; k++) {
		int fd = open(argv[k], O_RDONLY | O_CLOEXEC);
		double bare = 1e9, ours = 1e9, bytes = 0;
		struct elf *f;

		if (fd < 0 || elf_read(fd, &f, NULL) < 0)
			continue;
		close(fd);
		for (size_t i = 0; i < f->n_segs; i++)
			bytes += !f->segs[i].is_exec
					 ? 0 : (double)(f->segs[i].file_end - f->segs[i].start);
		for (int round = 0; round < ROUNDS; round++) {
			double start = now(), half, end;
			struct code c;
			volatile size_t n = sweep_bare(&d, f);

			(void)n;
			half = now();
			if (code_read(f, NULL, 0, &c, NULL) < 0)
				return 1;
			end = now();
			code_done(&c);
			bare = half - start < bare ? half - start : bare;
			ours = end - half < ours ? end - half : ours;
		}
		elf_free(f);
		bare_all += bare;
		ours_all += ours;
		bytes_all += bytes;
		printf("| %s | %.2f MB | %.0f MB/s | %.0f MB/s | %.2f |\n", argv[k], bytes / 1e6,
		       bytes / 1e6 / bare, bytes / 1e6 / ours, bare / ours);
	}
	printf("| all | %.2f MB | %.0f MB/s | %.0f MB/s | %.2f |\n", bytes_all / 1e6,
	       bytes_all / 1e6 / bare_all, bytes_all / 1e6 / ours_all, bare_all / ours_all);
	return 0;
}
