// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The symbols that drivers/hv/connection.c exports. The checksum of an export depends on which
 * types its file has seen, so this one includes what that one includes. Their order is as it is
 * there. */
// clang-format off
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/hyperv.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/set_memory.h>
#include <asm/mshyperv.h>
#include <linux/version.h>
#include "hyperv_vmbus.h" /* the kernel's own */
// clang-format on

EXPORT_SYMBOL_GPL(vmbus_connection);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
EXPORT_SYMBOL_GPL(vmbus_set_event);
#endif
EXPORT_SYMBOL_GPL(vmbus_proto_version);
