/* SPDX-License-Identifier: Apache-2.0 */
/* Messages from anywhere, with messages inside. */
#include "parse/protobuf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint64_t look(struct pb_in in, int depth)
{
	const unsigned char *end = in.p + in.n;
	struct pb_field f;
	uint64_t sum = 0;

	while (pb_next(&in, &f) > 0) {
		if (f.field == 0 || in.p + in.n != end)
			abort();
		sum += f.num;
		for (size_t i = 0; !f.is_num && i < f.n; i++)
			sum += f.data[i];
		if (!f.is_num && depth < 8)
			sum += look((struct pb_in){ f.data, f.n }, depth + 1);
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	return (int)(look((struct pb_in){ bytes, n }, 0) & 0);
}
