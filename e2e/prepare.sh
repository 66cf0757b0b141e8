#!/usr/bin/env bash
# Installs the pinned harness and clients into e2e/.cache, once per set of pins. Nothing outside that folder changes.
set -euo pipefail
cd "$(dirname "$0")"
cache=$PWD/.cache
mkdir -p "$cache"

stamp_of() { sha256sum "$@" | sha256sum | cut -c1-16; }

pins=$(stamp_of requirements.txt)
if [ ! -e "$cache/venv/.done-$pins" ]; then
    rm -rf "$cache/venv"
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --requirement requirements.txt
    touch "$cache/venv/.done-$pins"
fi

pins=$(stamp_of clients.json)
if [ ! -e "$cache/clients/.done-$pins" ]; then
    rm -rf "$cache/clients"
    mkdir -p "$cache/clients"
    cp clients.json "$cache/clients/package.json"
    npm install --prefix "$cache/clients" --ignore-scripts --no-audit --no-fund --silent
    touch "$cache/clients/.done-$pins"
fi

# Python's clients live apart, one environment for each file of pins: what one needs must not decide what another gets.
for file in python/clients/*.txt; do
    place=$cache/python/$(basename "$file" .txt)
    pins=$(stamp_of "$file")
    if [ ! -e "$place/.done-$pins" ]; then
        rm -rf "$place"
        python3 -m venv --without-pip "$place"
        "$cache/venv/bin/pip" --python "$place/bin/python" install --quiet --no-deps --requirement "$file"
        touch "$place/.done-$pins"
    fi
done

# The story of the expired token needs a preloaded library. It is unpacked, not installed; without it the story is
# skipped.
if [ ! -e "$cache/faketime/.done" ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    rm -rf "$cache/faketime"
    mkdir -p "$cache/faketime"
    if (cd "$cache/faketime" && apt-get download --quiet=2 libfaketime >/dev/null 2>&1); then
        dpkg -x "$cache"/faketime/libfaketime_*.deb "$cache/faketime"
        touch "$cache/faketime/.done"
    fi
fi

# Clients of the Maven family. Java and Gradle come from the system; without one of them its stories are skipped.
pins=$(stamp_of debian-packages.txt unpack-debian.sh)
if [ ! -e "$cache/debian/.done-$pins" ] && command -v apt-cache >/dev/null && command -v dpkg >/dev/null; then
    rm -rf "$cache/debian"
    if ./unpack-debian.sh debian-packages.txt "$cache/debian"; then
        touch "$cache/debian/.done-$pins"
    else
        rm -rf "$cache/debian"
    fi
fi
# Ruby with gem and bundler of two Debian releases, whichever this machine runs. Without one of them its stories are
# skipped.
for suite in bookworm trixie; do
    place=$cache/ruby/$suite
    pins=$(stamp_of unpack-ruby.sh debian-suite.sh)
    if [ ! -e "$place/.done-$pins" ]; then
        rm -rf "$place"
        if timeout 600 ./unpack-ruby.sh "$suite" "$place"; then
            touch "$place/.done-$pins"
        else
            rm -rf "$place"
        fi
    fi
done
"$cache/venv/bin/python" -m harness.distributions

pins=$(stamp_of debian-packages.txt unpack-debian.sh distributions.json maven/plugins.py maven/project.py)
if [ ! -e "$cache/maven-plugins/.done-$pins" ] && command -v javac >/dev/null; then
    rm -rf "$cache/maven-plugins"
    mkdir -p "$cache/maven-plugins"
    "$cache/venv/bin/python" -m maven.plugins
    touch "$cache/maven-plugins/.done-$pins"
fi

# Clients of NuGet and Swift. Where they cannot be had their stories are skipped, and say so.
for client in nuget swift; do
    needed=("prepare-$client.sh" debian-suite.sh)
    if [ -e "$client/clients.json" ]; then needed+=("$client/clients.json"); fi
    pins=$(stamp_of "${needed[@]}")
    if [ ! -e "$cache/$client/.done-$pins" ]; then
        rm -rf "${cache:?}/$client"
        if "./prepare-$client.sh" "$cache/$client"; then
            touch "$cache/$client/.done-$pins"
        else
            rm -rf "${cache:?}/$client"
        fi
    fi
done
