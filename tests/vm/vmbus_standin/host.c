// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* /dev/vmbus_standin, behind which a program plays the host: see protocol.h. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/wait.h>

#include "protocol.h"
#include "standin.h"

static DECLARE_WAIT_QUEUE_HEAD(readers);
static DEFINE_SPINLOCK(lock); /* all below */
static bool in_use;
static u64 openings;     /* how many channels were opened so far */
static u32 ring_bytes;   /* of the one that is open; 0: none is */
static u64 opening_told; /* the one that the host knows to be open; 0: none */
static bool signalled;   /* not told yet */

void host_tell_opened(u32 bytes_of_both_rings) {
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  openings++;
  ring_bytes = bytes_of_both_rings;
  signalled = false;
  spin_unlock_irqrestore(&lock, flags);
  wake_up_interruptible(&readers);
}

void host_tell_closed(void) {
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  ring_bytes = 0;
  spin_unlock_irqrestore(&lock, flags);
  wake_up_interruptible(&readers);
}

void host_tell_signal(void) {
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  signalled = true;
  spin_unlock_irqrestore(&lock, flags);
  wake_up_interruptible(&readers);
}

/* The next record, and with `take` it is told then. A host that was slow hears of the end of the
 * channel that it knows before it hears of a newer one. */
static bool next_record(struct standin_record* record, bool take) {
  unsigned long flags;
  u64 open;
  bool found = true;

  memset(record, 0, sizeof(*record));
  spin_lock_irqsave(&lock, flags);
  open = ring_bytes ? openings : 0;
  if (opening_told && opening_told != open) {
    record->kind = STANDIN_CLOSED;
    if (take) opening_told = 0;
  } else if (open && !opening_told) {
    record->kind = STANDIN_OPENED;
    record->value = ring_bytes;
    if (take) opening_told = open;
  } else if (open && signalled) {
    record->kind = STANDIN_SIGNAL;
    if (take) signalled = false;
  } else {
    found = false;
  }
  spin_unlock_irqrestore(&lock, flags);
  return found;
}

static int host_open(struct inode* inode, struct file* file) {
  int error = 0;

  spin_lock_irq(&lock);
  if (in_use) error = -EBUSY;
  in_use = true;
  if (!error) opening_told = 0;
  spin_unlock_irq(&lock);
  return error;
}

static int host_release(struct inode* inode, struct file* file) {
  spin_lock_irq(&lock);
  in_use = false;
  spin_unlock_irq(&lock);
  return 0;
}

static ssize_t host_read(struct file* file, char __user* to, size_t count, loff_t* position) {
  struct standin_record record;
  int error;

  if (count < sizeof(record)) return -EINVAL;
  while (!next_record(&record, true)) {
    if (file->f_flags & O_NONBLOCK) return -EAGAIN;
    error = wait_event_interruptible(readers, next_record(&record, false));
    if (error) return error;
  }
  return copy_to_user(to, &record, sizeof(record)) ? -EFAULT : sizeof(record);
}

static int interrupt(void) {
  int error = -ENODEV;

  mutex_lock(&host_lock);
  if (offered_port && offered_port->channel.state == CHANNEL_OPENED_STATE) {
    interrupt_guest(&offered_port->channel);
    error = 0;
  }
  mutex_unlock(&host_lock);
  return error;
}

static ssize_t host_write(struct file* file, const char __user* from, size_t count,
                          loff_t* position) {
  struct standin_record record;
  int error = -EINVAL;

  if (count != sizeof(record)) return -EINVAL;
  if (copy_from_user(&record, from, sizeof(record))) return -EFAULT;
  if (record.kind == STANDIN_INTERRUPT) error = interrupt();
  if (record.kind == STANDIN_RESCIND) error = rescind_port();
  if (record.kind == STANDIN_OFFER) error = offer_port();
  return error ? error : sizeof(record);
}

static __poll_t host_poll(struct file* file, poll_table* table) {
  struct standin_record record;

  poll_wait(file, &readers, table);
  return next_record(&record, false) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int host_mmap(struct file* file, struct vm_area_struct* area) {
  unsigned long i, pages = vma_pages(area);
  struct vmbus_channel* channel;
  int error = -ENODEV;

  mutex_lock(&host_lock);
  channel = offered_port ? &offered_port->channel : NULL;
  if (channel && channel->ringbuffer_page) {
    error = area->vm_pgoff || pages > channel->ringbuffer_pagecount ? -EINVAL : 0;
    for (i = 0; !error && i < pages; i++)
      error = vm_insert_page(area, area->vm_start + i * PAGE_SIZE, channel->ringbuffer_page + i);
  }
  mutex_unlock(&host_lock);
  return error;
}

static const struct file_operations operations = {
    .owner = THIS_MODULE,
    .open = host_open,
    .release = host_release,
    .read = host_read,
    .write = host_write,
    .poll = host_poll,
    .mmap = host_mmap,
};

static struct miscdevice node = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "vmbus_standin",
    .mode = 0600,
    .fops = &operations,
};

int host_init(void) {
  return misc_register(&node);
}

void host_exit(void) {
  misc_deregister(&node);
}
