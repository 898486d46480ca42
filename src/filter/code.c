/* SPDX-License-Identifier: Apache-2.0 */
/* filter/code.c - writes a cBPF program from its end to its start. */
#include "filter/code-priv.h"

#include <linux/bpf_common.h>
#include <string.h>

void code_init(struct code *c)
{
	c->n = 0;
	c->n_returns = 0;
	c->is_full = false;
}

static place put(struct code *c, uint16_t op, uint8_t jt, uint8_t jf,
		 uint32_t k)
{
	if (c->n == CODE_MAX) {
		c->is_full = true;
		return c->n;
	}
	c->n++;
	c->insn[CODE_MAX - c->n] = (struct sock_filter){ op, jt, jf, k };
	return c->n;
}

place code_load(struct code *c, unsigned offset)
{
	return put(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

place code_and(struct code *c, uint32_t k)
{
	return put(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, k);
}

/* Instructions between the next one to be written and a place. */
static unsigned distance(const struct code *c, place to)
{
	return c->n - to;
}

place code_go(struct code *c, place to)
{
	if (distance(c, to) == 0)
		return to;
	return put(c, BPF_JMP | BPF_JA, 0, 0, distance(c, to));
}

/* Two far targets can need two stepping stones, the second of which moves the
 * first one place away: `room` keeps that in reach. */
static place reach(struct code *c, place to, unsigned room)
{
	return distance(c, to) + room > CODE_REACH ? code_go(c, to) : to;
}

place code_jump(struct code *c, unsigned op, uint32_t k, place yes, place no)
{
	if (yes == no)
		return code_go(c, yes);
	yes = reach(c, yes, 1);
	no = reach(c, no, 0);
	return put(c, (uint16_t)(BPF_JMP | op | BPF_K),
		   (uint8_t)distance(c, yes), (uint8_t)distance(c, no), k);
}

place code_return(struct code *c, uint32_t value)
{
	unsigned i = 0;

	while (i < c->n_returns && c->returns[i].value != value)
		i++;
	if (i < c->n_returns && distance(c, c->returns[i].at) + 2 <= CODE_REACH)
		return c->returns[i].at;
	if (i == c->n_returns) {
		/* More different values than this are not found again, which
		 * costs an instruction each, nothing else. */
		if (c->n_returns == CODE_RETURNS)
			return put(c, BPF_RET | BPF_K, 0, 0, value);
		c->n_returns++;
	}
	c->returns[i].value = value;
	c->returns[i].at = put(c, BPF_RET | BPF_K, 0, 0, value);
	return c->returns[i].at;
}
