#!/usr/bin/env bash
# Builds and brings up boxes to try, with a registry, in network namespaces; Ctrl-C removes everything.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/root.sh
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

packaging/stage.sh "assets" packaging/assets/build.sh
# The whole workspace: another selection has other features of the same crates, which would be compiled again.
packaging/stage.sh "build" cargo build --locked --workspace --bins
as_root "$target/debug/boxes" run --fleet --gatehouse "$target/debug/gatehouse"
