/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as a BPF program: run by a machine of our own, and, where that
 * is allowed, taken by the kernel's verifier. */
#include "cgroup/devices-priv.h"

#include "tap.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	READ = BPF_DEVCG_ACC_READ,
	WRITE = BPF_DEVCG_ACC_WRITE,
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	CHR = BPF_DEVCG_DEV_CHAR,
	BLK = BPF_DEVCG_DEV_BLOCK
};

static const struct conf_dev_rule deny_all = { false, 'a',  -1,	 -1,
					       true,  true, true };
static const struct conf_dev_rule allow_all = { true, 'a',  -1,	 -1,
						true, true, true };

/* The instructions that dev_program_make() uses; -1 for any other. */
static int run(const struct dev_program *p,
	       const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct bpf_insn *i = &p->insn[pc];
		uint64_t k = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM: {
			uint32_t word;

			memcpy(&word, (const char *)ctx + i->off, sizeof(word));
			r[i->dst_reg] = word;
			break;
		}
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint32_t)k;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)(r[i->dst_reg] & k);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> k;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != k ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == k ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -1;
}

static int ask(const struct dev_program *p, int type, int access,
	       uint32_t major, uint32_t minor)
{
	const struct bpf_cgroup_dev_ctx ctx = {
		.access_type = (uint32_t)(access << 16 | type),
		.major = major,
		.minor = minor
	};

	return run(p, &ctx);
}

static struct dev_program p;

static void the_defaults_are_always_there(void)
{
	CHECK_INT(dev_program_make(&deny_all, 1, &p), 0);
	CHECK_INT(ask(&p, CHR, READ | WRITE, 1, 3), 1); /* null */
	CHECK_INT(ask(&p, CHR, READ | WRITE, 5, 0), 1); /* tty */
	CHECK_INT(ask(&p, CHR, READ, 136, 77), 1);	/* a pts */
	CHECK_INT(ask(&p, CHR, MKNOD, 10, 229), 1); /* making is not opening */
	CHECK_INT(ask(&p, CHR, READ, 10, 229), 0);  /* fuse */
	CHECK_INT(ask(&p, CHR, READ, 1, 1), 0);	    /* mem */
	CHECK_INT(ask(&p, BLK, READ, 8, 0), 0);	    /* sda */
	CHECK_INT(ask(&p, CHR, READ | MKNOD, 10, 229), 0);
}

static void nothing_said_is_nothing_allowed(void)
{
	CHECK_INT(dev_program_make(NULL, 0, &p), 0);
	CHECK_INT(ask(&p, CHR, READ, 1, 3), 1);
	CHECK_INT(ask(&p, BLK, READ, 8, 0), 0);
}

static void the_last_rule_that_fits_decides(void)
{
	const struct conf_dev_rule rules[] = {
		deny_all,
		{ true, 'b', 8, -1, true, true, false },
		{ false, 'b', 8, 1, false, true, false },
		{ true, 'c', 10, 229, true, true, true },
	};

	CHECK_INT(dev_program_make(rules, 4, &p), 0);
	CHECK_INT(ask(&p, BLK, READ | WRITE, 8, 0), 1);
	CHECK_INT(ask(&p, BLK, READ, 8, 1), 1);
	CHECK_INT(ask(&p, BLK, WRITE, 8, 1), 0);
	CHECK_INT(ask(&p, BLK, READ | WRITE, 8, 1),
		  0);				/* part of it is refused */
	CHECK_INT(ask(&p, CHR, READ, 8, 0), 0); /* another type */
	CHECK_INT(ask(&p, CHR, READ | WRITE | MKNOD, 10, 229), 1);
}

static void all_can_be_allowed(void)
{
	const struct conf_dev_rule rules[] = { deny_all, allow_all };

	CHECK_INT(dev_program_make(rules, 2, &p), 0);
	CHECK_INT(ask(&p, BLK, READ | WRITE | MKNOD, 8, 0), 1);
	CHECK_INT(ask(&p, CHR, READ, 1, 1), 1);
}

static void too_many_rules_are_refused(void)
{
	static struct conf_dev_rule many[DEV_PROGRAM_MAX];

	for (size_t i = 0; i < DEV_PROGRAM_MAX; i++)
		many[i] = (struct conf_dev_rule){ true, 'c',  10,  (int64_t)i,
						  true, true, true };
	CHECK_INT(dev_program_make(many, DEV_PROGRAM_MAX, &p), -E2BIG);
}

/* Every shape of rule passes the verifier: no code that is never reached, no
 * register read before it was written. */
static void the_kernel_takes_it(void)
{
	static const char license[] = "Apache-2.0";
	const struct conf_dev_rule rules[] = {
		allow_all,
		deny_all,
		{ true, 'b', 8, -1, true, true, false },
		{ false, 'c', -1, 7, false, true, false },
		{ true, 'c', 10, 229, true, true, true },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				.license = (uint64_t)(uintptr_t)license };

	for (size_t n = 0; n <= 5; n++) {
		int fd;

		CHECK_INT(dev_program_make(rules, n, &p), 0);
		attr.insns = (uint64_t)(uintptr_t)p.insn;
		attr.insn_cnt = (uint32_t)p.n;
		fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
		if (fd < 0 && (errno == EPERM || errno == ENOSYS))
			return; /* not ours to load: the lab does it as root */
		CHECK(fd >= 0);
		close(fd);
	}
}

int main(void)
{
	TEST(the_defaults_are_always_there);
	TEST(nothing_said_is_nothing_allowed);
	TEST(the_last_rule_that_fits_decides);
	TEST(all_can_be_allowed);
	TEST(too_many_rules_are_refused);
	TEST(the_kernel_takes_it);
	return tap_end();
}
