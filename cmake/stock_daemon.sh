#!/bin/sh
# stock_daemon.sh DIRECTORY: Debian's hv_vss_daemon and qemu-ga, downloaded once and unpacked there,
# never installed: they freeze what they find. They are compared with ours inside the sandbox.
# DIRECTORY/versions names what was unpacked.
set -eu
directory=$1
packages="hyperv-daemons qemu-guest-agent"
if [ -x "$directory/usr/sbin/hv_vss_daemon" ] && [ -x "$directory/usr/sbin/qemu-ga" ]; then
  exit 0
fi

# What is half unpacked must not look complete.
mkdir -p "$(dirname "$directory")"
work=$(mktemp -d "$directory.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/unpacked"

# apt gives up root for a download where its user may write, and complains where it may not.
download() {
  # shellcheck disable=SC2086 # one word for each package
  (cd "$work" && apt-get download -q -q -o APT::Sandbox::User=root $packages)
}
if ! download 2>"$work/why"; then
  if [ "$(id -u)" -ne 0 ] || ! apt-get update -q -q || ! download 2>"$work/why"; then
    cat "$work/why" >&2
    echo "stock_daemon.sh: cannot download Debian's packages $packages; with a network, and as" \
         "root for apt-get update, run it again: make stock" >&2
    exit 1
  fi
fi
for package in $packages; do
  dpkg-deb -x "$work/${package}"_*.deb "$work/unpacked"
  dpkg-deb -W "$work/${package}"_*.deb >> "$work/unpacked/versions"
done
rm -rf "$directory"
mv "$work/unpacked" "$directory"
