#!/usr/bin/env bash
# Swift in a folder, with the whole of the Debian release that it comes from: it does not run on another one. The
# packages are unpacked and not configured: Swift needs nothing of what their scripts do, except for its name.
#
#   prepare-swift.sh .cache/swift
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p "$1"
root=$(realpath "$1")
scratch=$root.packages
trap 'rm -rf "$scratch"' EXIT

./debian-suite.sh trixie "$scratch" . swiftlang libc6-dev libstdc++-14-dev git zip unzip curl bash dash coreutils
# Debuggers, editors' servers, static and embedded libraries: half of it.
swift=./usr/libexec/swift
without=(./usr/share/doc ./usr/share/man ./usr/share/info ./usr/share/locale ./usr/libexec/gcc
    "$swift/lib/swift_static" "$swift/lib/swift/embedded" "$swift/lib/libsourcekitdInProc.so" "$swift/lib/liblldb*"
    "$swift/lib/libLTO*" "$swift/bin/lldb-server" "$swift/bin/clangd" "$swift/bin/sourcekit-lsp" "$swift/bin/docc"
    "$swift/bin/swift-format" "$swift/bin/llvm-*")
for package in "$scratch"/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --directory="$root" --no-same-owner "${without[@]/#/--exclude=}"
    rm "$package"
done
ln -sf ../libexec/swift/bin/swift "$root/usr/bin/swift"
# What enter-swift.sh mounts on: a home, and the certificate authorities that are trusted there.
mkdir -p "$root/stories" "$root/etc/ssl/certs"
touch "$root/etc/ssl/certs/ca-certificates.crt"
