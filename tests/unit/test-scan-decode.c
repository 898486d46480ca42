/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/decode-fast.h"
#include "tap.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts {
	const struct decoder *zydis;
	size_t all, fast, wrong;
};

static bool is_same(const struct decoded *a, const struct decoded *b)
{
	return a->length == b->length && a->flow == b->flow && a->kind == b->kind &&
	       a->also == b->also && (a->kind < 0 || a->to == b->to) &&
	       (a->also < 0 || a->also_to == b->also_to);
}

/* At every byte, so that the middles of instructions count as well. */
static void compare(struct counts *c, const uint8_t *v, size_t n, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < n; i++) {
		struct decoded fast, slow;

		c->all++;
		if (!decode_fast(v + i, n - i, 0x10000 + i, start, end, &fast))
			continue;
		decode_fact_by_zydis(c->zydis, v + i, n - i, 0x10000 + i, start, end, &slow);
		c->fast++;
		if (is_same(&fast, &slow))
			continue;
		if (c->wrong++ < 5)
			printf("# %02x %02x %02x %02x %02x %02x %02x %02x: length %d not %d, kind "
			       "%d not %d, flow %d not %d, also %d not %d\n", v[i], v[i + 1],
			       v[i + 2], v[i + 3], v[i + 4], v[i + 5], v[i + 6], v[i + 7],
			       fast.length, slow.length, fast.kind, slow.kind, fast.flow, slow.flow,
			       fast.also, slow.also);
	}
}

static int compare_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct counts *c = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const uint8_t *at = (const uint8_t *)(info->dlpi_addr + p->p_vaddr);

		if (p->p_type == PT_LOAD && p->p_flags & PF_X)
			compare(c, at, p->p_filesz, 0, 0);
	}
	return 0;
}

/* Every opcode with every prefix, register form and many operands; images at a
 * fixed place, too. */
static void all_opcodes(struct counts *c)
{
	static const uint8_t fronts[][2] = { { 0 }, { 1, 0x66 }, { 1, 0xf3 }, { 1, 0xf2 } };
	uint8_t v[64];

	for (unsigned op = 0; op < 2 * 256 * 256; op++) {
		for (size_t f = 0; f < 4 * 17; f++) {
			size_t n = 0, rex = f / 4;

			if (fronts[f % 4][0])
				v[n++] = fronts[f % 4][1];
			if (rex)
				v[n++] = (uint8_t)(0x40 + rex - 1);
			if (op >> 16)
				v[n++] = 0x0f;
			v[n++] = (uint8_t)(op >> 8);
			v[n++] = (uint8_t)op;
			for (uint32_t x = op; n < sizeof(v); x = x * 1103515245 + 12345)
				v[n++] = (uint8_t)(x >> 24);
			if (op % 7 == 0)
				memcpy(v + n - sizeof(v) + 8, "\x10\x20\x40\x00", 4);
			compare(c, v, 25, 0x400000, 0x700000);
		}
	}
}

static void over_this_process(void)
{
	struct decoder *zydis = decoder_new(EM_X86_64);
	struct counts c = { .zydis = zydis };

	dl_iterate_phdr(compare_object, &c);
	decoder_free(zydis);
	CHECK(c.fast > c.all / 2 && !c.wrong);
}

static void over_all_opcodes(void)
{
	struct decoder *zydis = decoder_new(EM_X86_64);
	struct counts c = { .zydis = zydis };

	all_opcodes(&c);
	decoder_free(zydis);
	CHECK(c.fast && !c.wrong);
}

int main(void)
{
	TEST(over_this_process);
	TEST(over_all_opcodes);
	return tap_end();
}
