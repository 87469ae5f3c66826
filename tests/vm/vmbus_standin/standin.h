/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the module's files know of each other. */
#ifndef VMBUS_STANDIN_H
#define VMBUS_STANDIN_H

#include <linux/hyperv.h>
#include <linux/mutex.h>

/* A device of this bus, and its channel. */
struct port {
  struct hv_device device;
  struct vmbus_channel channel;
  bool silent;              /* nothing is ever sent to it, and the host does not hear of it */
  struct kobject* channels; /* the directory channels/ */
  bool complete;            /* in sysfs as a whole: drivers may bind */
};

/* bus.c */
extern struct bus_type standin_bus;

/* device.c: the port that the host has offered, NULL after a rescind; under host_lock. */
extern struct mutex host_lock;
extern struct port* offered_port;
extern bool monitored;
extern int relid;
bool is_silent(struct vmbus_channel* channel);
int offer_port(void);
int rescind_port(void);

/* host.c */
int host_init(void);
void host_exit(void);
void host_tell_opened(u32 bytes_of_both_rings);
void host_tell_closed(void);
void host_tell_signal(void);

/* channel.c */
void interrupt_guest(struct vmbus_channel* channel);

/* ring.c: the guest's ends of the rings. */
void ring_reset(struct hv_ring_buffer_info* ring, void* memory, u32 size);
/* 1: the host has to be signalled; 0: it need not be; else an error. */
int ring_put(struct hv_ring_buffer_info* ring, const struct vmpacket_descriptor* descriptor,
             const void* payload, u32 length);
/* The length of the payload; -ENOMSG: nothing is there; else an error. */
int ring_take(struct hv_ring_buffer_info* ring, struct vmpacket_descriptor* descriptor,
              void* payload, u32 size);

/* monitor.c: the hypervisor's look at the monitor page, for a channel that is signalled by it. */
int monitor_init(void);
void monitor_exit(void);
void monitor_start(struct vmbus_channel* channel);
void monitor_stop(void);

#endif
