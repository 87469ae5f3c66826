/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* /dev/vmbus_standin: how a program plays the host. One program at a time has it open.
 *
 * Each read() and each write() carries one record of 16 bytes. mmap() at offset 0 gives the memory
 * of the open channel: the ring from the guest, then the ring to it. A mapping outlives its
 * channel. What a packet looks like, and who has to be signalled when, is the host's business.
 */
#ifndef VMBUS_STANDIN_PROTOCOL_H
#define VMBUS_STANDIN_PROTOCOL_H

#include <linux/types.h>

struct standin_record {
  __u32 kind;
  __u32 reserved; /* 0 */
  __u64 value;
};

/* Read. What is so when the device is opened is told first. */
#define STANDIN_OPENED 1 /* the guest's driver opened the channel; value: bytes of both rings */
#define STANDIN_CLOSED 2 /* ... or closed it, or another one was opened since */
#define STANDIN_SIGNAL 3 /* the guest signalled, once or more often */

/* Written. */
#define STANDIN_INTERRUPT 16 /* signal the guest; ENODEV: no channel is open */
#define STANDIN_RESCIND 17   /* take the device away; ENODEV: there is none */
#define STANDIN_OFFER 18     /* offer it; EEXIST: the one before is not gone yet */

#endif
