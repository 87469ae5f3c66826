#!/bin/sh
# record_plan.sh DIR: what `vss-freezer --plan --from DIR` needs to plan for this machine elsewhere:
# its mount table, what /sys says about its block devices, their names in /dev, and the labels. Reads
# only, and opens no device. Needs no root, but sees more as root. DIR must not exist yet. What is
# recorded holds the names of devices, mount points, files of loop devices and labels: look at it
# before you give it away.
set -eu

if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
mkdir "$1"
cd "$1"

cat /proc/1/mountinfo >mountinfo 2>/dev/null || cat /proc/self/mountinfo >mountinfo
mkdir -p sys/dev/block sys/class/block

# copy DEVICE FILE: an attribute, where there is one.
copy() {
  [ -f "/sys/$1/$2" ] || return 0
  mkdir -p "$(dirname "sys/$1/$2")"
  cat "/sys/$1/$2" >"sys/$1/$2" 2>/dev/null || rm -f "sys/$1/$2"
}

for link in /sys/dev/block/*; do
  [ -L "$link" ] || continue
  place=$(readlink -f "$link")
  place=${place#/sys/}
  mkdir -p "sys/$place"
  for attribute in dev partition loop/backing_file dm/name dm/uuid dm/suspended md/level; do
    copy "$place" "$attribute"
  done
  if [ -L "/sys/$place/device" ]; then
    parent=$(readlink -f "/sys/$place/device")
    mkdir -p "sys/${parent#/sys/}"
    cp -P "/sys/$place/device" "sys/$place/device"
  fi
  for slave in "/sys/$place/slaves"/*; do
    [ -L "$slave" ] || continue
    mkdir -p "sys/$place/slaves"
    cp -P "$slave" "sys/$place/slaves/"
  done
  ln -s "../../$place" "sys/dev/block/${link##*/}"
  ln -s "../../$place" "sys/class/block/${place##*/}"
done

for device in /sys/fs/btrfs/*/devices/*; do
  [ -L "$device" ] || continue
  to=sys${device#/sys}
  mkdir -p "$(dirname "$to")"
  cp -P "$device" "$to"
done

# Other names of block devices, which mount options may give: as links to what /sys calls them.
find /dev -type l | while IFS= read -r name; do
  device=$(readlink -f "$name") || continue
  [ -b "$device" ] && [ -e "sys/class/block/${device##*/}" ] || continue
  below=${name#/dev/}
  mkdir -p "dev/$(dirname "$below")"
  up=$(dirname "$below/x" | sed 's|[^/][^/]*|..|g')
  ln -s "$up/sys/class/block/${device##*/}" "dev/$below"
done

for label in /dev/disk/by-label/*; do
  [ -L "$label" ] || continue
  mkdir -p by-label
  cp -P "$label" by-label/
done
