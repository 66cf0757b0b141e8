#!/usr/bin/env bash
# Unpacks the packages named in a file, and what they depend on of the same kind (architecture-independent Java), into a
# folder. Nothing is installed. Links that were meant for the root of the system are turned into the folder.
#
#   unpack-debian.sh debian-packages.txt .cache/debian
set -euo pipefail
names=$(sed 's/#.*//' "$1")
mkdir -p "$2"
root=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck disable=SC2086
apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $names |
    grep -E '^[a-z0-9]' | sort -u > "$scratch/closure"
# Java itself comes from the system.
xargs apt-cache show --no-all-versions < "$scratch/closure" 2>/dev/null |
    awk '/^Package:/ {name = $2} /^Architecture:/ {kind = $2} /^Section:/ {if (kind == "all" && $2 == "java") print name}' |
    grep -v -E '^(openjdk|default-j|java-common|java-wrappers|ca-certificates)' | sort -u > "$scratch/wanted"
(cd "$scratch" && xargs apt-get download --quiet=2 < wanted > apt.log 2>&1) || { cat "$scratch/apt.log" >&2; exit 1; }
for package in "$scratch"/*.deb; do
    dpkg -x "$package" "$root"
done
find "$root" -type l -lname '/*' | while read -r link; do
    ln -sfn "$root$(readlink "$link")" "$link"
done

# Debian's repository of Maven artifacts has no checksums, and Maven 4 takes nothing without.
cd "$root/usr/share/maven-repo"
find . \( -name '*.pom' -o -name '*.jar' -o -name '*.xml' \) -exec sh -c '
    for file; do if [ -e "$file" ]; then sha1sum < "$file" | cut -c1-40 > "$file.sha1"; fi; done' _ {} +
