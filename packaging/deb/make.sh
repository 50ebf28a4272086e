#!/usr/bin/env bash
# The package that ships, of the release build.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# In the profile of the tests: it runs here and does not ship.
cargo build --locked --workspace --bin manual
packaging/deb/build.sh "$target/release/gatehouse" "$target/debug/manual"
