#!/usr/bin/env bash
# Each fuzz target for a bounded time, from its seeds on. What it finds stays in fuzz/artifacts: mend it, and put it among the seeds.
# The compiler's flag for it is unstable; RUSTC_BOOTSTRAP lets the stable compiler take it.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || { echo "fuzz: cargo install --locked cargo-fuzz" >&2; exit 1; }
for target in dhcp spec journal; do
  mkdir -p "fuzz/corpus/$target"
  RUSTC_BOOTSTRAP=1 cargo fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1
done
