#!/usr/bin/env bash
# Runs the real clients against the real binary. Everything it installs lies in e2e/.cache; nothing else is changed.
#
#   e2e/run.sh                       all stories
#   e2e/run.sh npm -k application    what pytest takes, relative to e2e/
#   RELIQUARY_BIN=path e2e/run.sh    another binary than a fresh release build
#
# The last line is "N passed, N failed, N skipped"; the status is 0 only if nothing failed.
set -euo pipefail
if [ -n "${RELIQUARY_BIN:-}" ]; then
    RELIQUARY_BIN=$(realpath "$RELIQUARY_BIN")
fi
cd "$(dirname "$0")"
./prepare.sh
if [ -z "${RELIQUARY_BIN:-}" ]; then
    RELIQUARY_BIN=$(./build.sh)
fi
export RELIQUARY_BIN
PATH=$PWD/.cache/venv/bin:$PATH exec .cache/venv/bin/python -m pytest "$@"
