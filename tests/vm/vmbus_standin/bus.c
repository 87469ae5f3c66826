// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The bus "vmbus" of the driver core: which driver fits, and what sysfs shows. */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "standin.h"

/* An id that was added by a driver's new_id. */
struct dynamic_id {
  struct list_head node;
  guid_t guid;
};

static const struct hv_vmbus_device_id any_id;

/* Whom the device's driver_override names: 1 this driver, 0 another one, -1 nobody. */
static int overridden(struct hv_device* device, const struct hv_driver* driver) {
#ifdef OVERRIDE_IN_DRIVER_CORE
  int match = device_match_driver_override(&device->device, &driver->driver);

  return match < 0 ? -1 : match > 0;
#else
  if (!device->driver_override) return -1;
  return !strcmp(device->driver_override, driver->name);
#endif
}

/* By which id the driver takes the device; NULL: it does not. */
static const struct hv_vmbus_device_id* id_for(const struct hv_driver* driver,
                                               struct hv_device* device) {
  const struct hv_vmbus_device_id* id;
  int forced = overridden(device, driver);
  struct dynamic_id* added;

  if (!READ_ONCE(container_of(device, struct port, device)->complete) || forced == 0) return NULL;
  for (id = driver->id_table; id && !guid_is_null(&id->guid); id++) {
    if (guid_equal(&id->guid, &device->dev_type)) return id;
  }
  list_for_each_entry(added, &driver->dynids.list, node) {
    if (guid_equal(&added->guid, &device->dev_type)) return &any_id;
  }
  return forced > 0 ? &any_id : NULL;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static int match(struct device* device, const struct device_driver* driver) {
#else
static int match(struct device* device, struct device_driver* driver) {
#endif
  return id_for(container_of(driver, struct hv_driver, driver), device_to_hv_device(device)) !=
         NULL;
}

static int probe(struct device* device) {
  struct hv_driver* driver = drv_to_hv_drv(device->driver);
  struct hv_device* hv = device_to_hv_device(device);

  return driver->probe(hv, id_for(driver, hv));
}

static void remove(struct device* device) {
  struct hv_driver* driver = drv_to_hv_drv(device->driver);

  if (driver->remove) driver->remove(device_to_hv_device(device));
  /* uio_hv_generic leaves it set, and its module may be gone when the host rescinds. */
  device_to_hv_device(device)->channel->chn_rescind_callback = NULL;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static int uevent(const struct device* device, struct kobj_uevent_env* env) {
#else
static int uevent(struct device* device, struct kobj_uevent_env* env) {
#endif
  const struct hv_device* hv = container_of(device, struct hv_device, device);

  return add_uevent_var(env, "MODALIAS=vmbus:%*phN", UUID_SIZE, &hv->dev_type);
}

static ssize_t class_id_show(struct device* device, struct device_attribute* attribute,
                             char* text) {
  return sysfs_emit(text, "{%pUl}\n", &device_to_hv_device(device)->dev_type);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t device_id_show(struct device* device, struct device_attribute* attribute,
                              char* text) {
  return sysfs_emit(text, "{%pUl}\n", &device_to_hv_device(device)->dev_instance);
}
static DEVICE_ATTR_RO(device_id);

static ssize_t modalias_show(struct device* device, struct device_attribute* attribute,
                             char* text) {
  return sysfs_emit(text, "vmbus:%*phN\n", UUID_SIZE, &device_to_hv_device(device)->dev_type);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t monitor_id_show(struct device* device, struct device_attribute* attribute,
                               char* text) {
  return sysfs_emit(text, "%d\n", relid);
}
static DEVICE_ATTR_RO(monitor_id);

#ifndef OVERRIDE_IN_DRIVER_CORE
static ssize_t driver_override_show(struct device* device, struct device_attribute* attribute,
                                    char* text) {
  ssize_t length;

  device_lock(device);
  length = sysfs_emit(text, "%s\n", device_to_hv_device(device)->driver_override);
  device_unlock(device);
  return length;
}

static ssize_t driver_override_store(struct device* device, struct device_attribute* attribute,
                                     const char* text, size_t length) {
  int error =
      driver_set_override(device, &device_to_hv_device(device)->driver_override, text, length);

  return error ? error : length;
}
static DEVICE_ATTR_RW(driver_override);
#endif

static struct attribute* device_attributes[] = {&dev_attr_class_id.attr,
                                                &dev_attr_device_id.attr,
                                                &dev_attr_modalias.attr,
                                                &dev_attr_monitor_id.attr,
#ifndef OVERRIDE_IN_DRIVER_CORE
                                                &dev_attr_driver_override.attr,
#endif
                                                NULL};

/* A channel without a monitor page has no monitor_id. */
static umode_t visible(struct kobject* object, struct attribute* attribute, int index) {
  return attribute == &dev_attr_monitor_id.attr && !monitored ? 0 : attribute->mode;
}

static const struct attribute_group device_group = {.attrs = device_attributes,
                                                    .is_visible = visible};
static const struct attribute_group* device_groups[] = {&device_group, NULL};

static ssize_t new_id_store(struct device_driver* driver, const char* text, size_t length) {
  struct dynamic_id* added = kzalloc(sizeof(*added), GFP_KERNEL);
  int error;

  if (!added) return -ENOMEM;
  error = guid_parse(text, &added->guid);
  if (error) {
    kfree(added);
    return error;
  }
  list_add_tail(&added->node, &drv_to_hv_drv(driver)->dynids.list);
  error = driver_attach(driver);
  return error ? error : length;
}
static DRIVER_ATTR_WO(new_id);

static struct attribute* driver_attributes[] = {&driver_attr_new_id.attr, NULL};
static const struct attribute_group driver_group = {.attrs = driver_attributes};
static const struct attribute_group* driver_groups[] = {&driver_group, NULL};

struct bus_type standin_bus = {
    .name = "vmbus",
    .match = match,
    .probe = probe,
    .remove = remove,
    .uevent = uevent,
    .dev_groups = device_groups,
    .drv_groups = driver_groups,
#ifdef OVERRIDE_IN_DRIVER_CORE
    .driver_override = true,
#endif
};

int __vmbus_driver_register(struct hv_driver* driver, struct module* owner, const char* name) {
  driver->driver.name = driver->name;
  driver->driver.owner = owner;
  driver->driver.mod_name = name;
  driver->driver.bus = &standin_bus;
  spin_lock_init(&driver->dynids.lock);
  INIT_LIST_HEAD(&driver->dynids.list);
  return driver_register(&driver->driver);
}

void vmbus_driver_unregister(struct hv_driver* driver) {
  struct dynamic_id *added, *next;

  driver_unregister(&driver->driver);
  list_for_each_entry_safe(added, next, &driver->dynids.list, node) kfree(added);
}
