/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzzer's corpus, run through it without libFuzzer, so that every `make
 * check` does it: one TAP line a file. FUZZ_CORPUS is the folder. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

int main(void)
{
	struct dirent **names;
	int n = scandir(FUZZ_CORPUS, &names, NULL, alphasort), count = 0;
	uint8_t *data = malloc(INPUT_MAX);

	if (n < 0 || !data)
		return 1;
	for (int i = 0; i < n; i++) {
		char path[4096];
		ssize_t size;
		int fd;

		if (names[i]->d_name[0] == '.') {
			free(names[i]);
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", FUZZ_CORPUS,
			 names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		size = fd < 0 ? -1 : read(fd, data, INPUT_MAX);
		if (fd >= 0)
			close(fd);
		if (size >= 0) {
			/* A block of its own: reading past it is seen. */
			uint8_t *exact = malloc((size_t)size + !size);

			for (ssize_t k = 0; exact && k < size; k++)
				exact[k] = data[k];
			if (exact)
				LLVMFuzzerTestOneInput(exact, (size_t)size);
			free(exact);
		}
		printf("%sok %d - %s\n", size < 0 ? "not " : "", ++count,
		       names[i]->d_name);
		free(names[i]);
	}
	printf("1..%d\n", count);
	free(names);
	free(data);
	return 0;
}
