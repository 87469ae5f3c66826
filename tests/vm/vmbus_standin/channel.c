// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the stock drivers call of drivers/hv/channel.c and of channel_mgmt.c: rings, packets, the
 * answer to NEGOTIATE. */
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "standin.h"

/* From a host's write(): hv_utils' callback runs in a tasklet, as on Hyper-V; that of
 * uio_hv_generic asks to be called from the interrupt. */
void interrupt_guest(struct vmbus_channel* channel) {
  unsigned long flags;

  spin_lock_irqsave(&channel->sched_lock, flags);
  if (channel->onchannel_callback) {
    channel->interrupts++;
    if (channel->callback_mode == HV_CALL_ISR)
      channel->onchannel_callback(channel->channel_callback_context);
    else
      tasklet_schedule(&channel->callback_event);
  }
  spin_unlock_irqrestore(&channel->sched_lock, flags);
}

int vmbus_alloc_ring(struct vmbus_channel* channel, u32 send_size, u32 recv_size) {
  unsigned int order = get_order(send_size + recv_size);
  struct page* pages;

  if (send_size % PAGE_SIZE || recv_size % PAGE_SIZE) return -EINVAL;
  pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
  if (!pages) return -ENOMEM;
  split_page(pages, order); /* each is counted by itself: a host's mapping may outlive the ring */
  channel->ringbuffer_page = pages;
  channel->ringbuffer_pagecount = (send_size + recv_size) >> PAGE_SHIFT;
  channel->ringbuffer_send_offset = send_size >> PAGE_SHIFT;
  return 0;
}

static void forget_ring(struct vmbus_channel* channel, bool free) {
  unsigned long i, count;

  mutex_lock(&host_lock);
  if (channel->ringbuffer_page && free) {
    count = 1UL << get_order((unsigned long)channel->ringbuffer_pagecount << PAGE_SHIFT);
    for (i = 0; i < count; i++)
      __free_page(channel->ringbuffer_page + i);
  }
  channel->ringbuffer_page = NULL;
  mutex_unlock(&host_lock);
}

/* Called by uio_hv_generic alone, which maps the pages into a program without counting that. Who
 * unbinds a device that is open must not get these pages into somebody else's hands: they leak. */
void vmbus_free_ring(struct vmbus_channel* channel) {
  forget_ring(channel, false);
}

int vmbus_connect_ring(struct vmbus_channel* channel, void (*callback)(void* context),
                       void* context) {
  void* memory = page_address(channel->ringbuffer_page);
  u32 send = channel->ringbuffer_send_offset << PAGE_SHIFT;
  u32 all = channel->ringbuffer_pagecount << PAGE_SHIFT;

  mutex_lock(&host_lock);
  ring_reset(&channel->outbound, memory, send);
  ring_reset(&channel->inbound, memory + send, all - send);
  channel->channel_callback_context = context;
  channel->onchannel_callback = callback;
  channel->state = CHANNEL_OPENED_STATE;
  if (!is_silent(channel)) host_tell_opened(all);
  mutex_unlock(&host_lock);
  monitor_start(channel);
  return 0;
}

int vmbus_disconnect_ring(struct vmbus_channel* channel) {
  unsigned long flags;

  mutex_lock(&host_lock);
  spin_lock_irqsave(&channel->sched_lock, flags);
  channel->onchannel_callback = NULL;
  spin_unlock_irqrestore(&channel->sched_lock, flags);
  channel->state = CHANNEL_OPEN_STATE;
  if (!is_silent(channel)) host_tell_closed();
  mutex_unlock(&host_lock);
  if (!is_silent(channel)) monitor_stop();
  tasklet_kill(&channel->callback_event);
  return 0;
}

int vmbus_open(struct vmbus_channel* channel, u32 send_size, u32 recv_size, void* userdata,
               u32 userdata_length, void (*callback)(void* context), void* context) {
  int error = vmbus_alloc_ring(channel, send_size, recv_size);

  return error ? error : vmbus_connect_ring(channel, callback, context);
}

void vmbus_close(struct vmbus_channel* channel) {
  vmbus_disconnect_ring(channel);
  forget_ring(channel, true);
}

int vmbus_sendpacket(struct vmbus_channel* channel, void* payload, u32 length, u64 id,
                     enum vmbus_packet_type type, u32 flags) {
  struct vmpacket_descriptor descriptor = {
      .type = type,
      .offset8 = sizeof(descriptor) / 8,
      .len8 = (sizeof(descriptor) + ALIGN(length, 8)) / 8,
      .flags = flags,
      .trans_id = id,
  };
  unsigned long irq;
  int result = -ENODEV;

  spin_lock_irqsave(&channel->outbound.ring_lock, irq);
  if (channel->state == CHANNEL_OPENED_STATE)
    result = ring_put(&channel->outbound, &descriptor, payload, length);
  spin_unlock_irqrestore(&channel->outbound.ring_lock, irq);
  if (result <= 0) return result;
  channel->sig_events++;
  host_tell_signal();
  return 0;
}

int vmbus_recvpacket(struct vmbus_channel* channel, void* buffer, u32 size, u32* length, u64* id) {
  struct vmpacket_descriptor descriptor;
  int result = ring_take(&channel->inbound, &descriptor, buffer, size);

  *length = 0;
  *id = 0;
  if (result == -ENOMSG) return 0;
  if (result < 0) return result;
  *length = result;
  *id = descriptor.trans_id;
  if (READ_ONCE(channel->inbound.ring_buffer->pending_send_sz)) host_tell_signal();
  return 0;
}

/* The first of the driver's own versions that the host offers too; 0: none. */
static int common_version(const int* own, int own_count, const struct ic_version* offered,
                          u16 offered_count) {
  int i, j;

  for (i = 0; i < own_count; i++) {
    for (j = 0; j < offered_count; j++) {
      if (own[i] == (offered[j].major << 16 | offered[j].minor)) return own[i];
    }
  }
  return 0;
}

bool vmbus_prep_negotiate_resp(struct icmsg_hdr* header, u8* buffer, u32 length,
                               const int* framework, int framework_count, const int* service,
                               int service_count, int* chosen_framework, int* chosen_service) {
  struct icmsg_negotiate* body = (struct icmsg_negotiate*)(buffer + ICMSG_HDR);
  u16 frameworks, services;
  int f, s;

  if (length < ICMSG_HDR + sizeof(*body)) return false;
  frameworks = body->icframe_vercnt;
  services = body->icmsg_vercnt;
  if (frameworks > 100 || services > 100 || length < ICMSG_NEGOTIATE_PKT_SIZE(frameworks, services))
    return false;
  f = common_version(framework, framework_count, body->icversion_data, frameworks);
  s = common_version(service, service_count, body->icversion_data + frameworks, services);
  if (chosen_framework) *chosen_framework = f;
  if (chosen_service) *chosen_service = s;
  header->icmsgsize = 16;
  body->icframe_vercnt = body->icmsg_vercnt = f && s ? 1 : 0;
  /* Without a match the kernel's own bus leaves the host's counts where the versions belong. */
  body->icversion_data[0].major = f && s ? f >> 16 : frameworks;
  body->icversion_data[0].minor = f && s ? f & 0xffff : 0;
  body->icversion_data[1].major = f && s ? s >> 16 : services;
  body->icversion_data[1].minor = f && s ? s & 0xffff : 0;
  return f && s;
}
