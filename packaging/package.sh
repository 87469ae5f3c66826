#!/bin/sh
# Builds the Debian packages of the tree, as git sees it, into build/package, and has lintian look at
# them. From the top of the tree; what is needed is in cmake/packages.txt.
set -eu
out=build/package
rm -rf "$out"
mkdir -p "$out/source"
git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$out/source"
cp -r packaging/debian "$out/source/debian"
export DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)"
if ! (cd "$out/source" && dpkg-buildpackage -b -us -uc) > "$out/build.log" 2>&1; then
  tail -50 "$out/build.log" >&2
  exit 1
fi
lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs "$out"/*.changes
rm -rf "$out/source"
ls "$out"/*.deb
