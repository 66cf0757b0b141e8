#!/usr/bin/env bash
# Runs Reliquary, nginx, Verdaccio, devpi, pypiserver, proxpi and quartermaster side by side on this machine and prints a
# table of ratios.
#
#   bench/run.sh                      everything (about half an hour on two cores)
#   bench/run.sh --only tarballs      one group of rows; --help names them
#   bench/run.sh --only scale         growth of the domain; needs no peers and takes two minutes
#   bench/run.sh --write              also put the table into bench/README.md
#   RELIQUARY_BIN=path bench/run.sh   another binary than a fresh release build
#
# Needs nginx and wrk (Debian: apt-get install nginx-light wrk). The other peers are installed into bench/.cache.
set -euo pipefail
if [ -n "${RELIQUARY_BIN:-}" ]; then
    RELIQUARY_BIN=$(realpath "$RELIQUARY_BIN")
fi
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin
# What is measured beside peers needs them.
rest=" $* "
rest=${rest//--only scale/}
peers=yes
if [[ " $* " == *"--only scale "* && $rest != *--only* ]]; then
    peers=no
fi
for program in nginx wrk npm; do
    if [ $peers = yes ] && ! command -v "$program" >/dev/null; then
        echo "bench: $program is missing (Debian: apt-get install nginx-light wrk npm)" >&2
        exit 2
    fi
done
../e2e/prepare.sh

cache=$PWD/.cache
pins=$(sha256sum verdaccio.json | cut -c1-16)
if [ $peers = yes ] && [ ! -e "$cache/verdaccio/.done-$pins" ]; then
    rm -rf "$cache/verdaccio"
    mkdir -p "$cache/verdaccio"
    cp verdaccio.json "$cache/verdaccio/package.json"
    npm install --prefix "$cache/verdaccio" --ignore-scripts --no-audit --no-fund --silent
    touch "$cache/verdaccio/.done-$pins"
fi

pins=$(sha256sum python-peers.txt | cut -c1-16)
if [ $peers = yes ] && [ ! -e "$cache/python-peers/.done-$pins" ]; then
    rm -rf "$cache/python-peers"
    python3 -m venv "$cache/python-peers"
    "$cache/python-peers/bin/pip" install --quiet --no-deps --requirement python-peers.txt
    touch "$cache/python-peers/.done-$pins"
fi

pins=$(sha256sum cargo-peers.txt | cut -c1-16)
if [[ $peers = yes && ($rest != *--only* || $rest == *"--only registries"*) && ! -e "$cache/cargo-peers/.done-$pins" ]]; then
    rm -rf "$cache/cargo-peers"
    mkdir -p "$cache/cargo-peers"
    xargs cargo install --quiet --locked --root "$cache/cargo-peers" --target-dir "$cache/cargo-peers/target" < cargo-peers.txt
    rm -rf "$cache/cargo-peers/target"
    touch "$cache/cargo-peers/.done-$pins"
fi

if [ -z "${RELIQUARY_BIN:-}" ]; then
    RELIQUARY_BIN=$(../e2e/build.sh)
fi
export RELIQUARY_BIN PATH
exec ../e2e/.cache/venv/bin/python bench.py "$@"
