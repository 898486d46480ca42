/* SPDX-License-Identifier: Apache-2.0 */
/* bench/nothing.c - a container's program that is as small as can be: what is
 * measured with it is the runtime. */
int main(void)
{
	return 0;
}
