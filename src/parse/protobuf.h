/* SPDX-License-Identifier: Apache-2.0 */
/* parse/protobuf.h - messages in the wire format of Protocol Buffers.
 *
 * Just enough to speak to criu(8): varints, strings and messages inside
 * messages. Format: protobuf.dev, "Encoding". Who writes names the number of
 * every field himself; there are no schemas here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A message under construction. Zeroed but for the arena it is empty; when
 * memory is out is_full says so and nothing more is added. */
struct pb_out {
	struct arena *arena;
	unsigned char *bytes; /* n of them, in the arena */
	size_t n, room;
	bool is_full;
};

/* int32, int64, uint32, bool, enum: a negative number takes ten bytes. */
void pb_put_num(struct pb_out *o, uint32_t field, int64_t v);
/* string, bytes. NULL adds nothing. */
void pb_put_str(struct pb_out *o, uint32_t field, const char *s);
/* printf-like. */
void pb_put_text(struct pb_out *o, uint32_t field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A message inside of the message. */
void pb_put_msg(struct pb_out *o, uint32_t field, const struct pb_out *msg);

/* One field of a message that is read. */
struct pb_field {
	uint32_t field;
	bool is_num;
	uint64_t num;              /* is_num */
	const unsigned char *data; /* otherwise: n bytes inside the message */
	size_t n;
};

/* What is left of a message. */
struct pb_in {
	const unsigned char *p;
	size_t n;
};

/* Takes the next field: 1, 0 at the end, -EBADMSG when it is no such message.
 * Groups are not known; fixed32 and fixed64 are numbers. */
int pb_next(struct pb_in *in, struct pb_field *ret);
