#!/bin/sh
# Installs what is missing of cmake/packages.txt (Debian 12). With nothing missing it needs neither
# root nor the network. Exit 77: something is missing and this is not root.
set -eu
list=$(dirname "$0")/packages.txt
missing=""
for package in $(cat "$list"); do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "missing packages need root to install; as root: apt-get install$missing" >&2
  exit 77
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # one word for each package
apt-get install -q -y --no-install-recommends $missing
