/* SPDX-License-Identifier: Apache-2.0 */
/* parse/protobuf.c - messages in the wire format of Protocol Buffers.
 *
 * A field is a key (its number and how it is written, as a varint) and a value:
 * a varint, or a length and so many bytes, or four or eight bytes. A varint has
 * seven bits a byte, lowest first; all bytes but the last have the top bit. */
#include "parse/protobuf.h"

#include "base/arena.h"
#include "base/scope.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_bytes(struct pb_out *o, const void *bytes, size_t n)
{
	size_t room = o->room ? o->room : 256;
	unsigned char *more;

	while (room - o->n < n && room < SIZE_MAX / 2)
		room *= 2;
	if (room != o->room) {
		more = o->is_full ? NULL : arena_alloc(o->arena, room);
		if (!more) {
			o->is_full = true;
			return;
		}
		if (o->n)
			memcpy(more, o->bytes, o->n);
		o->bytes = more;
		o->room = room;
	}
	if (n)
		memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
}

static void put_varint(struct pb_out *o, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		n++;
		v >>= 7;
	} while (v);
	put_bytes(o, bytes, n);
}

static void put_key(struct pb_out *o, uint32_t field, unsigned wire)
{
	put_varint(o, (uint64_t)field << 3 | wire);
}

void pb_put_num(struct pb_out *o, uint32_t field, int64_t v)
{
	put_key(o, field, WIRE_VARINT);
	put_varint(o, (uint64_t)v);
}

static void put_data(struct pb_out *o, uint32_t field, const void *p, size_t n)
{
	put_key(o, field, WIRE_BYTES);
	put_varint(o, n);
	put_bytes(o, p, n);
}

void pb_put_str(struct pb_out *o, uint32_t field, const char *s)
{
	if (s)
		put_data(o, field, s, strlen(s));
}

void pb_put_text(struct pb_out *o, uint32_t field, const char *fmt, ...)
{
	char text[4096 + 256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		o->is_full = true;
	else
		put_data(o, field, text, (size_t)n);
}

void pb_put_msg(struct pb_out *o, uint32_t field, const struct pb_out *msg)
{
	o->is_full |= msg->is_full;
	put_data(o, field, msg->bytes, msg->n);
}

static int take_varint(struct pb_in *in, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (in->n == 0)
			return -EBADMSG;
		c = *in->p++;
		in->n--;
		/* The tenth byte has room for one bit. */
		if (shift == 63 && c > 1)
			return -EBADMSG;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return -EBADMSG;
}

/* Little-endian, whatever the machine is. */
static int take_fixed(struct pb_in *in, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (in->n < n)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)in->p[i] << (8 * i);
	in->p += n;
	in->n -= n;
	*ret = v;
	return 0;
}

static int take_bytes(struct pb_in *in, struct pb_field *f)
{
	uint64_t n;
	int r = take_varint(in, &n);

	if (r < 0 || n > in->n)
		return -EBADMSG;
	f->is_num = false;
	f->data = in->p;
	f->n = (size_t)n;
	in->p += n;
	in->n -= (size_t)n;
	return 0;
}

int pb_next(struct pb_in *in, struct pb_field *ret)
{
	uint64_t key;
	int r;

	if (in->n == 0)
		return 0;
	*ret = (struct pb_field){ .is_num = true };
	r = take_varint(in, &key);
	if (r < 0 || key >> 3 == 0 || key >> 3 > UINT32_MAX >> 3)
		return -EBADMSG;
	ret->field = (uint32_t)(key >> 3);
	switch (key & 7) {
	case WIRE_VARINT:
		r = take_varint(in, &ret->num);
		break;
	case WIRE_64:
		r = take_fixed(in, 8, &ret->num);
		break;
	case WIRE_32:
		r = take_fixed(in, 4, &ret->num);
		break;
	case WIRE_BYTES:
		r = take_bytes(in, ret);
		break;
	default:
		r = -EBADMSG;
	}
	return r < 0 ? r : 1;
}
