#!/bin/sh
# stock_daemon.sh DIRECTORY: Debian's hv_vss_daemon, downloaded once and unpacked there, never
# installed: it freezes what it finds. A test compares vssd with it, inside the sandbox.
set -eu
directory=$1
[ ! -x "$directory/usr/sbin/hv_vss_daemon" ] || exit 0

# What is half unpacked must not look complete.
mkdir -p "$(dirname "$directory")"
work=$(mktemp -d "$directory.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/unpacked"

# apt gives up root for a download where its user may write, and complains where it may not.
download() {
  (cd "$work" && apt-get download -q -q -o APT::Sandbox::User=root hyperv-daemons)
}
if ! download 2>"$work/why"; then
  if [ "$(id -u)" -ne 0 ] || ! apt-get update -q -q || ! download 2>"$work/why"; then
    cat "$work/why" >&2
    echo "stock_daemon.sh: cannot download Debian's package hyperv-daemons; with a network, and as" \
         "root for apt-get update, run it again: make stock" >&2
    exit 1
  fi
fi
dpkg-deb -x "$work"/hyperv-daemons_*.deb "$work/unpacked"
rm -rf "$directory"
mv "$work/unpacked" "$directory"
