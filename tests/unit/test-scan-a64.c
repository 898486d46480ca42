/* SPDX-License-Identifier: Apache-2.0 */
/* The aarch64 decoder beside Capstone's, over all code of a real C library: the
 * same control flow and the same general registers for every word. What Capstone
 * 4 is known to tell wrongly is taken from its operands instead: the first is
 * written, the others are read. Words that Capstone does not know are younger
 * than it (SVE, LSE2, ...): where we do not know them either, what they may write
 * must count as read, too. */
#include "scan/decode-a64.h"
#include "scan/elf.h"
#include "tap.h"

#include <capstone/capstone.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const libraries[] = { "/usr/aarch64-linux-gnu/lib/libc.so.6",
					 "/usr/aarch64-linux-gnu/lib/libm.so.6",
					 "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1" };

static uint32_t bit(unsigned reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return 1U << (reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return 1U << (reg - ARM64_REG_W0);
	if (reg == ARM64_REG_X29 || reg == ARM64_REG_X30)
		return 1U << (reg == ARM64_REG_X29 ? GPR_FP : GPR_LR);
	return reg == ARM64_REG_SP || reg == ARM64_REG_WSP ? 1U << GPR_SP : 0;
}

static bool is_one_of(const char *name, const char *const *v)
{
	for (; *v; v++) {
		if (strcmp(name, *v) == 0)
			return true;
	}
	return false;
}

static void by_operands(const cs_arm64 *a, bool writes_first, uint32_t *r, uint32_t *w)
{
	*r = *w = 0;
	for (int i = 0; i < a->op_count; i++) {
		if (a->operands[i].type != ARM64_OP_REG)
			continue;
		if (i == 0 && writes_first)
			*w |= bit(a->operands[i].reg);
		else
			*r |= bit(a->operands[i].reg);
	}
}

/* What the instruction reads and writes, by Capstone. False: not told. */
static bool registers(csh h, const cs_insn *in, uint32_t *r, uint32_t *w)
{
	static const char *const moves[] = {
		"lsl", "lsr", "asr", "ubfiz", "sbfiz", "ubfx", "sbfx", "sxtb", "sxth", "sxtw",
		"uxtb", "uxth", "adds", "subs", "ands", "adcs", "sbcs", "negs", "mrs", "movz",
		"movn", "ngcs", "bics", NULL
	};
	static const char *const tests[] = { "cmp", "cmn", "tst", "ccmp", "ccmn", "msr", "sys",
					     "ic", "dc", "at", "tlbi", NULL };
	static const char *const ours[] = { "svc", "ret", "hint", "brk", "nop", "isb", "dsb", "dmb",
					    "hlt", "sysl", NULL };
	cs_regs read, written;
	uint8_t n, m;

	*r = *w = 0;
	if (is_one_of(in->mnemonic, ours))
		return false;
	if (is_one_of(in->mnemonic, moves) || is_one_of(in->mnemonic, tests)) {
		by_operands(&in->detail->arm64, is_one_of(in->mnemonic, moves), r, w);
		return true;
	}
	if (cs_regs_access(h, in, read, &n, written, &m) != CS_ERR_OK)
		return false;
	for (uint8_t i = 0; i < n; i++)
		*r |= bit(read[i]);
	for (uint8_t i = 0; i < m; i++)
		*w |= bit(written[i]);
	return true;
}

static bool same_flow(const cs_insn *in, const struct insn *mine)
{
	static const struct {
		const char *name;
		uint8_t kind;
	} kinds[] = { { "b", INSN_JUMP },	 { "bl", INSN_CALL },	  { "br", INSN_JUMP },
		      { "blr", INSN_CALL },	 { "ret", INSN_RETURN },  { "cbz", INSN_BRANCH },
		      { "cbnz", INSN_BRANCH },	 { "tbz", INSN_BRANCH },  { "tbnz", INSN_BRANCH },
		      { "svc", INSN_SYSCALL },	 { "brk", INSN_STOP },	  { "hlt", INSN_STOP },
		      { "eret", INSN_STOP } };
	const cs_arm64 *a = &in->detail->arm64;
	uint8_t kind = INSN_OTHER;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(in->mnemonic, kinds[i].name) == 0)
			kind = kinds[i].kind;
	}
	if (strncmp(in->mnemonic, "b.", 2) == 0)
		kind = INSN_BRANCH;
	if (kind == INSN_OTHER)
		return mine->kind < INSN_CALL;
	/* A jump through the link register is a return. */
	if (strcmp(in->mnemonic, "br") == 0 && a->operands[0].reg == ARM64_REG_X30)
		kind = INSN_RETURN;
	if (mine->kind != kind)
		return false;
	return !mine->is_direct ||
	       (uint64_t)a->operands[a->op_count - 1].imm == mine->to;
}

struct count {
	size_t n, wrong, unknown;
};

static void compare(csh h, cs_insn *in, const uint8_t *p, uint64_t at, struct count *c)
{
	uint64_t next = at;
	size_t room = 4;
	uint32_t r, w;
	struct insn mine;
	bool known = a64_insn(p, 4, at, &mine);

	c->n++;
	if (!cs_disasm_iter(h, &p, &room, &next, in)) {
		c->unknown++;
		/* Taken for one that could touch all it names. */
		c->wrong += known && mine.writes_mem && !mine.has_mem &&
			    (mine.written & ~mine.read) != 0;
		return;
	}
	if (known && same_flow(in, &mine) &&
	    (!registers(h, in, &r, &w) || (mine.read == r && mine.written == w)))
		return;
	if (c->wrong++ < 10)
		printf("# %llx %08x %s %s: reads %08x writes %08x kind %d\n", (unsigned long long)at,
		       elf_u32(p - 4), in->mnemonic, in->op_str, mine.read, mine.written,
		       mine.kind);
}

static void every_word_is_read_as_capstone_reads_it(void)
{
	struct count c = { 0 };
	cs_insn *in;
	csh h;

	CHECK(cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &h) == CS_ERR_OK);
	cs_option(h, CS_OPT_DETAIL, CS_OPT_ON);
	in = cs_malloc(h);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		int fd = open(libraries[i], O_RDONLY | O_CLOEXEC);
		const struct elf_sect *s;
		struct elf *f = NULL;

		if (fd < 0)
			continue;
		CHECK_INT(elf_read(fd, &f, NULL), 0);
		close(fd);
		s = elf_sect_named(f, ".text");
		CHECK(s);
		for (uint64_t at = s->start; at + 4 <= s->end; at += 4)
			compare(h, in, elf_at(f, at, 4), at, &c);
		elf_free(f);
	}
	cs_free(in, 1);
	cs_close(&h);
	if (!c.n)
		printf("# skipped: no C library for aarch64 (libc6-arm64-cross)\n");
	else
		printf("# %zu words, %zu not known to Capstone\n", c.n, c.unknown);
	CHECK_INT(c.wrong, 0);
	CHECK(c.unknown * 50 <= c.n);
}

/* Register 31 is sp in some fields and nothing in others. */
static void register_31_is_two_things(void)
{
	static const struct {
		uint32_t word, read, written;
	} v[] = {
		{ 0x910003fd, 1U << GPR_SP, 1U << GPR_FP },  /* mov x29, sp */
		{ 0xaa1f03e0, 0, 1 },			     /* mov x0, xzr */
		{ 0xf100001f, 1, 0 },			     /* cmp x0, #0 */
		{ 0xf90007ff, 1U << GPR_SP, 0 },	     /* str xzr, [sp, #8] */
		/* ldp x29, x30, [sp], #16 */
		{ 0xa8c17bfd, 1U << GPR_SP, 3U << GPR_FP | 1U << GPR_SP },
		{ 0x927ced3f, 1U << 9, 1U << GPR_SP },	     /* and sp, x9, #-16 */
		{ 0x8b2063ff, 1U << GPR_SP | 1, 1U << GPR_SP }, /* add sp, sp, x0 */
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t p[4];
		struct insn in;

		memcpy(p, &v[i].word, 4);
		CHECK(a64_insn(p, 4, 0x1000, &in));
		CHECK_INT(in.read, v[i].read);
		CHECK_INT(in.written, v[i].written);
	}
}

/* The immediates of logical instructions. */
static void masks_are_unpacked(void)
{
	static const struct {
		uint32_t word;
		uint64_t imm;
	} v[] = {
		{ 0xb200f3e0, 0x5555555555555555 }, { 0x3200f3e0, 0x55555555 },
		{ 0xb2401fe0, 0xff },		    { 0x320003e0, 1 },
		{ 0xb2410fe0, 0x8000000000000007 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t p[4];
		struct insn in;

		memcpy(p, &v[i].word, 4);
		CHECK(a64_insn(p, 4, 0x1000, &in));
		CHECK_INT(in.kind, INSN_SET);
		CHECK((uint64_t)in.imm == v[i].imm);
	}
}

int main(void)
{
	TEST(every_word_is_read_as_capstone_reads_it);
	TEST(register_31_is_two_things);
	TEST(masks_are_unpacked);
	return tap_end();
}
