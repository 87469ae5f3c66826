// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The guest's ends of a channel's two rings, for drivers that leave them to the bus (hv_utils). */
#include <linux/string.h>

#include "standin.h"

#define TRAILER_BYTES 8

void ring_reset(struct hv_ring_buffer_info* ring, void* memory, u32 size) {
  ring->ring_buffer = memory;
  ring->ring_size = size;
  ring->ring_datasize = size - sizeof(struct hv_ring_buffer);
  ring->priv_read_index = 0;
  memset(memory, 0, sizeof(struct hv_ring_buffer));
  ring->ring_buffer->feature_bits.value = 1;
  spin_lock_init(&ring->ring_lock);
  mutex_init(&ring->ring_buffer_mutex);
}

static u32 copy_in(struct hv_ring_buffer_info* ring, u32 at, const void* from, u32 length) {
  u32 before_end = min(length, ring->ring_datasize - at);

  memcpy(ring->ring_buffer->buffer + at, from, before_end);
  memcpy(ring->ring_buffer->buffer, from + before_end, length - before_end);
  return (at + length) % ring->ring_datasize;
}

static void copy_out(struct hv_ring_buffer_info* ring, u32 at, void* to, u32 length) {
  u32 before_end = min(length, ring->ring_datasize - at);

  memcpy(to, ring->ring_buffer->buffer + at, before_end);
  memcpy(to + before_end, ring->ring_buffer->buffer, length - before_end);
}

static u32 bytes_between(struct hv_ring_buffer_info* ring, u32 read, u32 write) {
  return write >= read ? write - read : ring->ring_datasize - (read - write);
}

int ring_put(struct hv_ring_buffer_info* ring, const struct vmpacket_descriptor* descriptor,
             const void* payload, u32 length) {
  static const u8 padding[8];
  struct hv_ring_buffer* words = ring->ring_buffer;
  u32 pad = -length & 7;
  u32 old = words->write_index;
  u32 read = READ_ONCE(words->read_index);
  u32 at;
  u64 trailer = (u64)old << 32;

  if (old >= ring->ring_datasize || read >= ring->ring_datasize) return -EPROTO;
  /* Strictly more than the packet: a full ring would look empty. */
  if (ring->ring_datasize - bytes_between(ring, read, old) <=
      sizeof(*descriptor) + length + pad + TRAILER_BYTES)
    return -EAGAIN;
  at = copy_in(ring, old, descriptor, sizeof(*descriptor));
  at = copy_in(ring, at, payload, length);
  at = copy_in(ring, at, padding, pad);
  at = copy_in(ring, at, &trailer, TRAILER_BYTES);
  smp_store_release(&words->write_index, at);
  smp_mb(); /* the index before the reader's words */
  return !READ_ONCE(words->interrupt_mask) && READ_ONCE(words->read_index) == old;
}

int ring_take(struct hv_ring_buffer_info* ring, struct vmpacket_descriptor* descriptor,
              void* payload, u32 size) {
  struct hv_ring_buffer* words = ring->ring_buffer;
  u32 write = smp_load_acquire(&words->write_index);
  u32 read = ring->priv_read_index;
  u32 used, offset, end;

  if (write >= ring->ring_datasize || write % 8) return -EPROTO;
  used = bytes_between(ring, read, write);
  if (!used) return -ENOMSG;
  if (used < sizeof(*descriptor) + TRAILER_BYTES) return -EPROTO;
  copy_out(ring, read, descriptor, sizeof(*descriptor));
  offset = descriptor->offset8 * 8;
  end = descriptor->len8 * 8;
  /* Lengths that cannot be are replaced by the nearest that can, as the kernel's own bus does. */
  if (end < sizeof(*descriptor) || end > used - TRAILER_BYTES) end = used - TRAILER_BYTES;
  if (offset < sizeof(*descriptor) || offset > end) offset = sizeof(*descriptor);
  if (end - offset > size) return -ENOBUFS; /* it stays, as it would in the kernel's own bus */
  copy_out(ring, (read + offset) % ring->ring_datasize, payload, end - offset);
  ring->priv_read_index = (read + end + TRAILER_BYTES) % ring->ring_datasize;
  smp_store_release(&words->read_index, ring->priv_read_index);
  return end - offset;
}
