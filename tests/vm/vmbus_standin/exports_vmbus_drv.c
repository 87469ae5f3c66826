// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The symbols that drivers/hv/vmbus_drv.c exports. The checksum of an export depends on which types
 * its file has seen, so this one includes what that one includes. Their order is as it is there. */
// clang-format off
#include <linux/init.h>
#include <linux/module.h>
#include <linux/device.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <linux/platform_device.h>
#include <linux/of_address.h>
#include <linux/smpboot.h>
#include <asm/mshyperv.h>
#endif
#include <linux/interrupt.h>
#include <linux/sysctl.h>
#include <linux/slab.h>
#include <linux/acpi.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/kernel_stat.h>
#include <linux/clockchips.h>
#include <linux/cpu.h>
#include <linux/sched/isolation.h>
#include <linux/sched/task_stack.h>
#include <linux/delay.h>
#include <linux/panic_notifier.h>
#include <linux/ptrace.h>
#include <linux/screen_info.h>
#include <linux/efi.h>
#include <linux/random.h>
#include <linux/kernel.h>
#include <linux/syscore_ops.h>
#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <clocksource/hyperv_timer.h>
#include "hyperv_vmbus.h" /* the kernel's own */
// clang-format on

EXPORT_SYMBOL_GPL(vmbus_device_unregister);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
EXPORT_SYMBOL_GPL(hv_create_ring_sysfs);
EXPORT_SYMBOL_GPL(hv_remove_ring_sysfs);
#endif
EXPORT_SYMBOL_GPL(__vmbus_driver_register);
EXPORT_SYMBOL_GPL(vmbus_driver_unregister);
