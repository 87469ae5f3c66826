// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The devices of the bus: Hyper-V's VSS service, offered when the module is loaded, rescinded and
 * offered again as the host asks; and if wanted its KVP service, for a neighbour's daemon, which is
 * there and is never asked anything. */
#include <asm/mshyperv.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "standin.h"

bool monitored;
module_param(monitored, bool, 0444);
MODULE_PARM_DESC(monitored, "the guest signals through the monitor page");
int relid = 11;
module_param(relid, int, 0444);
MODULE_PARM_DESC(relid, "the channel's number, and that of its bit in the monitor page");
static bool kvp;
module_param(kvp, bool, 0444);
MODULE_PARM_DESC(kvp, "a KVP service too, which is never asked anything");

DEFINE_MUTEX(host_lock);
struct port* offered_port;
static struct port* leaving_port; /* rescinded, its drivers may still be at it; under host_lock */
static struct port* silent_port;

__u32 vmbus_proto_version = VERSION_WIN10_V5_3;

static void channel_released(struct kobject* object) {
  /* It is a part of its port. */
}
static const struct kobj_type channel_type = {.release = channel_released,
                                              .sysfs_ops = &kobj_sysfs_ops};

static void port_released(struct device* device) {
  struct port* port = container_of(device_to_hv_device(device), struct port, device);

#ifndef OVERRIDE_IN_DRIVER_CORE
  kfree(port->device.driver_override);
#endif
  kfree(port);
}

/* Called by uio_hv_generic too, when the host takes its device. */
void vmbus_device_unregister(struct hv_device* device) {
  struct port* port = container_of(device, struct port, device);

  get_device(&device->device);
  device_unregister(&device->device);
  kobject_put(&port->channel.kobj);
  kobject_put(port->channels);
  put_device(&device->device);
}

static void run_callback(unsigned long data) {
  struct vmbus_channel* channel = (struct vmbus_channel*)data;
  void (*callback)(void* context) = READ_ONCE(channel->onchannel_callback);

  if (callback) callback(channel->channel_callback_context);
}

bool is_silent(struct vmbus_channel* channel) {
  return container_of(channel, struct port, channel)->silent;
}

static void fill_channel(struct vmbus_channel* channel, struct hv_device* device) {
  bool silent = is_silent(channel);

  channel->device_obj = device;
  channel->device_id = silent ? HV_KVP : HV_BACKUP;
  channel->offermsg.offer.if_type = device->dev_type;
  channel->offermsg.offer.if_instance = device->dev_instance;
  channel->offermsg.child_relid = relid + silent;
  channel->offermsg.monitorid = relid + silent;
  channel->offermsg.monitor_allocated = monitored;
  channel->monitor_grp = relid / 32;
  channel->monitor_bit = relid % 32;
  channel->state = CHANNEL_OPEN_STATE;
  channel->max_pkt_size = VMBUS_DEFAULT_MAX_PKT_SIZE;
  INIT_LIST_HEAD(&channel->sc_list);
  INIT_LIST_HEAD(&channel->listentry);
  init_completion(&channel->rescind_event);
  spin_lock_init(&channel->sched_lock);
  spin_lock_init(&channel->outbound.ring_lock);
  tasklet_init(&channel->callback_event, run_callback, (unsigned long)channel);
  kobject_init(&channel->kobj, &channel_type);
}

static struct port* new_port(bool silent) {
  static const struct {
    guid_t guid;
  } vss = {HV_VSS_GUID}, key_values = {HV_KVP_GUID};
  /* The same on every host. */
  static const guid_t instance =
      GUID_INIT(0x2450ee40, 0x33bf, 0x4fbd, 0x89, 0x2e, 0x9f, 0xb0, 0x6e, 0x92, 0x14, 0xcf);
  static const guid_t another =
      GUID_INIT(0x2450ee40, 0x33bf, 0x4fbd, 0x89, 0x2e, 0x9f, 0xb0, 0x6e, 0x92, 0x14, 0xd0);
  struct port* port = kzalloc(sizeof(*port), GFP_KERNEL);
  struct hv_device* device = port ? &port->device : NULL;

  if (!port) return NULL;
  port->silent = silent;
  device->dev_type = silent ? key_values.guid : vss.guid;
  device->dev_instance = silent ? another : instance;
  device->vendor_id = 0x1414;
  device->channel = &port->channel;
  device->dma_mask = DMA_BIT_MASK(64);
  device->device.dma_mask = &device->dma_mask;
  device->device.bus = &standin_bus;
  device->device.release = port_released;
  fill_channel(&port->channel, device);
  device_initialize(&device->device);
  dev_set_name(&device->device, "%pUl", &device->dev_instance);
  return port;
}

/* A driver binds when the folder of the channels is there, which it looks into. */
static int show_port(struct port* port) {
  int error = device_add(&port->device.device);

  if (error) return error;
  port->channels = kobject_create_and_add("channels", &port->device.device.kobj);
  error =
      kobject_add(&port->channel.kobj, port->channels, "%d", port->channel.offermsg.child_relid);
  if (error) return error;
  WRITE_ONCE(port->complete, true);
  return min(device_attach(&port->device.device), 0);
}

int offer_port(void) {
  struct port* port = new_port(false);
  int error = 0;

  if (!port) return -ENOMEM;
  mutex_lock(&host_lock);
  if (offered_port || leaving_port) error = -EEXIST;
  if (!error) offered_port = port;
  mutex_unlock(&host_lock);
  if (!error) return show_port(port);
  put_device(&port->device.device);
  return error;
}

static void take_port_away(struct work_struct* work) {
  struct port* port = leaving_port;

  if (port->channel.chn_rescind_callback)
    port->channel.chn_rescind_callback(&port->channel); /* that one unregisters the device */
  else
    vmbus_device_unregister(&port->device);
  mutex_lock(&host_lock);
  leaving_port = NULL;
  mutex_unlock(&host_lock);
}
static DECLARE_WORK(rescinding, take_port_away);

/* The driver may wait for a program that has its device open: not in the host's write(). */
int rescind_port(void) {
  int error = -ENODEV;

  mutex_lock(&host_lock);
  if (offered_port && !leaving_port) {
    leaving_port = offered_port;
    offered_port = NULL;
    WRITE_ONCE(leaving_port->channel.rescind, true);
    schedule_work(&rescinding);
    error = 0;
  }
  mutex_unlock(&host_lock);
  return error;
}

static int offer_silent_port(void) {
  silent_port = new_port(true);
  return silent_port ? show_port(silent_port) : -ENOMEM;
}

static int __init standin_init(void) {
  int error = monitor_init();

  if (error) return error;
  error = bus_register(&standin_bus);
  if (error) goto without_bus;
  error = host_init();
  if (error) goto without_host;
  error = offer_port();
  return error || !kvp ? error : offer_silent_port();

without_host:
  bus_unregister(&standin_bus);
without_bus:
  monitor_exit();
  return error;
}

static void __exit standin_exit(void) {
  rescind_port();
  flush_work(&rescinding);
  if (silent_port) vmbus_device_unregister(&silent_port->device);
  host_exit();
  bus_unregister(&standin_bus);
  monitor_exit();
}

module_init(standin_init);
module_exit(standin_exit);
MODULE_DESCRIPTION("Test only: stands in for the VMBus of Hyper-V");
MODULE_LICENSE("Dual BSD/GPL");
