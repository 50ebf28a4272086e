#!/usr/bin/env bash
# Makes what the browser downloads: islands to WebAssembly, wasm-bindgen, wasm-opt, style; then assets.mjs writes it into
# `assets` of cargo's target folder, where build.rs finds it. When nothing changed it takes less than a second.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tools=packaging/assets
work=$target/assets-work
triple=wasm32-unknown-unknown
mkdir -p "$work"

# --- islands ---
# With a standard library compiled for size, in which a panic ends the module without words that nobody would read: 8 KB less to download.
# Cargo calls both unstable. The sources are rustup's, or those of Debian's compiler (packaging/deps.sh).
islands=(rustc --quiet --lib --crate-type cdylib --target "$triple" --profile wasm-release --no-default-features --features hydrate
  -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
compiler=$PATH
[ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] || compiler=/usr/bin:$PATH
# A folder of its own: two compilers in one would each undo the other's work.
PATH=$compiler RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$target/islands \
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Ctarget-feature=-reference-types -Zunstable-options -Cpanic=immediate-abort" \
  cargo "${islands[@]}"
module=$target/islands/$triple/wasm-release/gatehouse.wasm
cargo build --quiet --package bindgen

# --- tools of npm ---
lock=$(sha256sum "$tools/package-lock.json")
if [ "$(cat "$tools/node_modules/.installed" 2>/dev/null)" != "$lock" ]; then
  npm --prefix "$tools" ci --silent
  echo "$lock" >"$tools/node_modules/.installed"
fi

# --- nothing changed, nothing to do ---
stamp=$(sha256sum "$module" "$target/debug/bindgen" src/islands/*.js style/*.css public/* "$tools"/{assets.mjs,build.sh,package-lock.json} |
  sha256sum)
if [ -f "$target/assets/manifest.json" ] && [ "$(cat "$work/stamp" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi
rm -rf "$work"
mkdir -p "$work"
"$target/debug/bindgen" "$module" "$work" app
node "$tools/assets.mjs" "$work" "$target/assets"
echo "$stamp" >"$work/stamp"
