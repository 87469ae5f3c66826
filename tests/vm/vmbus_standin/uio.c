// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What uio_hv_generic alone calls. */
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/sysfs.h>
#include <linux/version.h>

#include "hyperv_vmbus.h" /* the kernel's own */
#include "standin.h"

/* No preferred sizes of rings: the kernel has none for VSS. */
const struct vmbus_device vmbus_devs[HV_UNKNOWN + 1] = {};

/* There is no host to which the memory would have to be described. */
int vmbus_establish_gpadl(struct vmbus_channel* channel, void* buffer, u32 size,
                          struct vmbus_gpadl* gpadl) {
  static u32 last_handle = 0x1000;

  gpadl->gpadl_handle = ++last_handle;
  gpadl->size = size;
  gpadl->buffer = buffer;
  return 0;
}

int vmbus_teardown_gpadl(struct vmbus_channel* channel, struct vmbus_gpadl* gpadl) {
  gpadl->gpadl_handle = 0;
  return 0;
}

void vmbus_set_sc_create_callback(struct vmbus_channel* channel,
                                  void (*callback)(struct vmbus_channel* subchannel)) {
  channel->sc_creation_callback = callback;
}

void vmbus_set_chn_rescind_callback(struct vmbus_channel* channel,
                                    void (*callback)(struct vmbus_channel* channel)) {
  channel->chn_rescind_callback = callback;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
void vmbus_set_event(struct vmbus_channel* channel) {
  channel->sig_events++;
  host_tell_signal();
}

static int map_ring(struct file* file, struct kobject* object, struct bin_attribute* attribute,
                    struct vm_area_struct* area) {
  struct vmbus_channel* channel = container_of(object, struct vmbus_channel, kobj);

  return channel->mmap_ring_buffer(channel, area);
}

static struct bin_attribute ring_file = {.attr = {.name = "ring", .mode = 0600}, .mmap = map_ring};

int hv_create_ring_sysfs(struct vmbus_channel* channel,
                         int (*map)(struct vmbus_channel* channel, struct vm_area_struct* area)) {
  channel->mmap_ring_buffer = map;
  ring_file.size = (size_t)channel->ringbuffer_pagecount << PAGE_SHIFT;
  return sysfs_create_bin_file(&channel->kobj, &ring_file);
}

int hv_remove_ring_sysfs(struct vmbus_channel* channel) {
  sysfs_remove_bin_file(&channel->kobj, &ring_file);
  return 0;
}
#endif
