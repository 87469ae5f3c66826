#!/bin/sh
# Process 1 of the initramfs. vmtest.root=TYPE: /dev/vda becomes the root, with what starts there named
# by vmtest.init (the agent, if nothing is). The agent and /run are a tmpfs either way: what the test
# needs must not lie on a disk that it freezes.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=755 tmp /run
mkdir -p /run/vmtest/bin
cp /vmtest/* /run/vmtest/
cp /bin/busybox /run/vmtest/bin/
for applet in sh cat dd echo ls mkdir mount umount sleep fsfreeze touch rm; do ln -s busybox /run/vmtest/bin/$applet; done

argument() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
fail() { echo "init: $1"; echo o > /proc/sysrq-trigger; sleep 60; }

for module in $(cat /modules/order); do
  name=$(echo "${module%.ko}" | tr - _)
  grep -q "^$name " /proc/modules || insmod "/modules/$module" || fail "cannot load $module"
done
cp -r /modules /run/vmtest/

type=$(argument vmtest.root)
init=$(argument vmtest.init)
ip link set lo up
[ -n "$type" ] || exec "${init:-/run/vmtest/agent}"

mkdir -p /newroot
for try in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; sleep 0.2; done
mount -t "$type" /dev/vda /newroot || fail "no $type root on /dev/vda"
for place in proc sys dev run; do mkdir -p /newroot/$place; mount --move /$place /newroot/$place; done
exec switch_root /newroot "${init:-/run/vmtest/agent}"
