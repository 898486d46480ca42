/* SPDX-License-Identifier: Apache-2.0 */
#include "bricks/table.h"

#include "tap.h"

#include <stdbool.h>

static int place(const struct brick *const *table, const struct brick *b)
{
	for (int i = 0; table[i]; i++)
		if (table[i] == b)
			return i;
	return -1;
}

static void check_order(const struct brick *const *table,
			const struct brick *const *order, int n)
{
	for (int i = 0; i + 1 < n; i++) {
		CHECK(place(table, order[i]) >= 0);
		CHECK(place(table, order[i]) < place(table, order[i + 1]));
	}
}

/* What a step needs is still there when it is its turn. */
static void rights_go_in_the_right_order(void)
{
	static const struct brick *const order[] = {
		&brick_oom, &brick_ns, &brick_idmap, &brick_lsm, &brick_keyring,
		&brick_rlimits, &brick_creds, &brick_caps, &brick_landlock, &brick_nnp,
		&brick_seccomp,
	};

	check_order(bricks, order, sizeof(order) / sizeof(order[0]));
	check_order(exec_bricks, order, sizeof(order) / sizeof(order[0]));
}

/* The design: what is behind the filter would have to be allowed by it. */
static void seccomp_is_last(void)
{
	int n = 0, n_exec = 0;

	while (bricks[n])
		n++;
	while (exec_bricks[n_exec])
		n_exec++;
	CHECK(bricks[n - 1] == &brick_seccomp);
	CHECK(exec_bricks[n_exec - 1] == &brick_seccomp);
}

static void a_cgroup_is_entered_before_it_is_a_root(void)
{
	CHECK(place(bricks, &brick_cgroup) >= 0);
	CHECK(place(bricks, &brick_cgroup) < place(bricks, &brick_ns));
}

/* Whatever takes something away from a container takes it from those who join
 * it, too. */
static void exec_is_locked_down_like_the_container(void)
{
	bool is_behind_final = false;

	for (int i = 0; bricks[i]; i++) {
		if (is_behind_final)
			CHECK(place(exec_bricks, bricks[i]) >= 0);
		is_behind_final |= bricks[i] == &brick_root_final;
	}
	CHECK(is_behind_final);
}

static void every_brick_is_whole_and_there_once(void)
{
	for (int i = 0; bricks[i]; i++) {
		CHECK(bricks[i]->name && bricks[i]->plan && bricks[i]->apply &&
		      bricks[i]->show);
		CHECK_INT(place(bricks, bricks[i]), i);
	}
}

int main(void)
{
	TEST(rights_go_in_the_right_order);
	TEST(seccomp_is_last);
	TEST(a_cgroup_is_entered_before_it_is_a_root);
	TEST(exec_is_locked_down_like_the_container);
	TEST(every_brick_is_whole_and_there_once);
	return tap_end();
}
