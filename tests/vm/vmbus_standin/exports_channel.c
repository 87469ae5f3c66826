// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The symbols that drivers/hv/channel.c exports. The checksum of an export depends on which types
 * its file has seen, so this one includes what that one includes. Their order is as it is there. */
// clang-format off
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/module.h>
#include <linux/hyperv.h>
#include <linux/uio.h>
#include <linux/interrupt.h>
#include <linux/set_memory.h>
#include <asm/page.h>
#include <asm/mshyperv.h>
#include "hyperv_vmbus.h" /* the kernel's own */
// clang-format on

EXPORT_SYMBOL_GPL(vmbus_open);
EXPORT_SYMBOL_GPL(vmbus_close);
EXPORT_SYMBOL_GPL(vmbus_sendpacket);
EXPORT_SYMBOL_GPL(vmbus_recvpacket);
EXPORT_SYMBOL_GPL(vmbus_alloc_ring);
EXPORT_SYMBOL_GPL(vmbus_free_ring);
EXPORT_SYMBOL_GPL(vmbus_connect_ring);
EXPORT_SYMBOL_GPL(vmbus_disconnect_ring);
EXPORT_SYMBOL_GPL(vmbus_establish_gpadl);
EXPORT_SYMBOL_GPL(vmbus_teardown_gpadl);
