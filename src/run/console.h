/* SPDX-License-Identifier: Apache-2.0 */
/* run/console.h - who gets the master side of a process's terminal. */
#pragma once

#include "conf/conf.h"

#include <stdbool.h>

struct err;

/* Makes the socket over which the child sends the terminal's master side: to
 * the engine's `path` (--console-socket) when there is one, else to us, and
 * *ret_our_fd is then where it comes from. Nothing when the process has no
 * terminal. A detached process without a socket is refused: nobody would ever
 * hold the terminal. */
int console_connect(const struct conf_process *p, const char *path,
		    bool is_detached, int *ret_child_fd, int *ret_our_fd,
		    struct err *e);

/* Takes the master side from the socket. */
int console_receive(int our_fd, int *ret_master_fd, struct err *e);
