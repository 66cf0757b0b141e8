#!/usr/bin/env bash
# NuGet's clients in a folder: the SDK of .NET with an OpenSSL of its age, and nuget.exe with the parts of Mono that it
# needs. Everything is unpacked, nothing installed.
#
#   prepare-nuget.sh .cache/nuget
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p "$1"
place=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp nuget/clients.json "$place/package.json"
npm install --prefix "$place" --ignore-scripts --no-audit --no-fund --silent

unpack() { # FOLDER, into which every package of the scratch folder goes
    mkdir -p "$1"
    for package in "$scratch"/*.deb; do
        dpkg -x "$package" "$1"
    done
    rm -f "$scratch"/*.deb
}
./debian-suite.sh bullseye-security "$scratch" none libssl1.1 || ./debian-suite.sh bullseye "$scratch" none libssl1.1
unpack "$place/openssl"
./debian-suite.sh bookworm "$scratch" '^(libmono-.*|mono-runtime.*|mono-(4.0-)?gac)$' libmono-cil-dev mono-runtime-sgen
unpack "$place/mono"
