// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The pages that all channels of a real bus share. uio_hv_generic maps them into its program, and a
 * guest with a monitored channel signals by a bit in one of them, at which the hypervisor looks now
 * and then. */
#include <linux/interrupt.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "hyperv_vmbus.h" /* the kernel's own */
#include "standin.h"

struct vmbus_connection vmbus_connection = {
    .conn_state = CONNECTED,
    .channel_mutex = __MUTEX_INITIALIZER(vmbus_connection.channel_mutex),
};

static bool looking;
static void look(struct work_struct* work);
static DECLARE_DELAYED_WORK(looks, look);

static void look(struct work_struct* work) {
  u8* page = (u8*)vmbus_connection.monitor_pages[1];
  unsigned long* pending = (unsigned long*)(page + 8 + 8 * (relid / 32));

  if (test_and_clear_bit(relid % 32, pending)) host_tell_signal();
  if (READ_ONCE(looking)) schedule_delayed_work(&looks, 1);
}

void monitor_start(struct vmbus_channel* channel) {
  /* hv_utils signals by vmbus_sendpacket() instead. */
  if (!monitored || channel->callback_mode != HV_CALL_ISR) return;
  WRITE_ONCE(looking, true);
  schedule_delayed_work(&looks, 1);
}

void monitor_stop(void) {
  WRITE_ONCE(looking, false);
}

int monitor_init(void) {
  vmbus_connection.int_page = (void*)get_zeroed_page(GFP_KERNEL);
  vmbus_connection.monitor_pages[0] = (void*)get_zeroed_page(GFP_KERNEL);
  vmbus_connection.monitor_pages[1] = (void*)get_zeroed_page(GFP_KERNEL);
  INIT_LIST_HEAD(&vmbus_connection.chn_list);
  if (vmbus_connection.int_page && vmbus_connection.monitor_pages[0] &&
      vmbus_connection.monitor_pages[1])
    return 0;
  monitor_exit();
  return -ENOMEM;
}

void monitor_exit(void) {
  monitor_stop();
  cancel_delayed_work_sync(&looks);
  free_page((unsigned long)vmbus_connection.int_page);
  free_page((unsigned long)vmbus_connection.monitor_pages[0]);
  free_page((unsigned long)vmbus_connection.monitor_pages[1]);
}
