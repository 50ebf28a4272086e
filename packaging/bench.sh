#!/usr/bin/env bash
# Measures the release build. Two cores that do something else meanwhile make every figure worse; the ratios hold.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/root.sh
if [ "$(id -u)" -ne 0 ]; then
  # only the measuring needs root: cargo itself must not leave files of root's in the target folder
  export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="sudo -E" CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="sudo -E"
fi
packaging/stage.sh "release build" cargo build --locked --release --package boxes --bin boxes
packaging/stage.sh "benchmarks" cargo bench --locked --bench bench
# Two boxes with keepalived, each fault by name, seen by a third host: some eight minutes
packaging/stage.sh "build of what is tested" cargo build --locked --workspace --bins
PAIR_FAULTS=all packaging/stage.sh "faults of a pair" cargo test --locked --package gatehouse --test box -- --nocapture each_fault
