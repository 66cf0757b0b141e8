#!/usr/bin/env bash
# Builds the release binary and prints where it is: the target folder may lie elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --package reliquary >&2
cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"] + "/release/reliquary")'
