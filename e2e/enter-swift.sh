#!/usr/bin/env bash
# Runs a command in the unpacked system of Swift, with a folder of this system as /stories. An authority.crt in that
# folder is all that the system trusts, as update-ca-certificates would have it. What is mounted is seen by nobody else
# and gone when the command ends, also when it is killed. Needs root, or user namespaces.
#
#   enter-swift.sh .cache/swift FOLDER swift --version
set -euo pipefail
root=$(realpath "$1") home=$(realpath "$2")
shift 2
exec unshare --mount --map-root-user --propagation private /bin/sh -euc '
    root=$1 home=$2
    shift 2
    mount --rbind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$home" "$root/stories"
    if [ -e "$home/authority.crt" ]; then
        mount --bind "$home/authority.crt" "$root/etc/ssl/certs/ca-certificates.crt"
    fi
    cd "$root"
    exec chroot "$root" "$@"' enter "$root" "$home" "$@"
