/* SPDX-License-Identifier: Apache-2.0 */
/* prog/hull-oci/signal.h - signals by name. */
#pragma once

struct err;

/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "RTMAX-1". */
int signal_parse(const char *text, int *ret_signal, struct err *e);
