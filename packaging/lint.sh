#!/usr/bin/env bash
# What a reviewer need not look at. tests/architecture.rs, part of `make test`, checks the rules that no tool knows.
set -euo pipefail
cd "$(dirname "$0")/.."
stage=packaging/stage.sh

$stage "format" cargo fmt --all --check
$stage "clippy, box" cargo clippy --locked --workspace --all-targets -- -D warnings
[ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] || rustup target add wasm32-unknown-unknown
$stage "clippy, browser" cargo clippy --locked --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings
$stage "architecture" cargo test --quiet --locked --workspace --test architecture
if cargo deny --version >/dev/null 2>&1; then
  $stage "dependencies' licences and advisories" cargo deny --all-features check
else
  echo "==> cargo-deny is not installed, so licences and advisories were NOT checked: cargo install --locked cargo-deny"
fi
