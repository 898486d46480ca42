/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a request to hull-systemd: it is read or refused. */
#include "prog/hull-systemd/request.h"

#include <stdlib.h>
#include <string.h>

/* The program is no library to link. */
#include "prog/hull-systemd/request.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct request *q = calloc(1, sizeof(*q));
	char *text = malloc(n + 1), *word;

	if (!q || !text)
		abort();
	memcpy(text, bytes, n);
	text[n] = '\0';
	if (request_read(text, q, NULL) == 0) {
		if (!strstr(q->unit, ".scope") || strchr(q->unit, '/'))
			abort();
		for (size_t i = 0; i < q->n_properties; i++)
			while ((word = request_next(&q->properties[i].words)))
				(void)request_unescape(word);
	}
	free(text);
	free(q);
	return 0;
}
