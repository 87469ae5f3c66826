// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The symbols that drivers/hv/channel_mgmt.c exports. The checksum of an export depends on which
 * types its file has seen, so this one includes what that one includes. Their order is as it is
 * there. */
// clang-format off
#include <linux/kernel.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/cpu.h>
#include <linux/hyperv.h>
#include <asm/mshyperv.h>
#include <linux/sched/isolation.h>
#include "hyperv_vmbus.h" /* the kernel's own */
// clang-format on

EXPORT_SYMBOL_GPL(vmbus_prep_negotiate_resp);
EXPORT_SYMBOL_GPL(vmbus_set_sc_create_callback);
EXPORT_SYMBOL_GPL(vmbus_set_chn_rescind_callback);
EXPORT_SYMBOL_GPL(vmbus_devs);
