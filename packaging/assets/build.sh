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
islands=(build --quiet --lib --target "$triple" --profile wasm-release --no-default-features --features hydrate)
if [ -d "$(rustc --print target-libdir --target "$triple")" ]; then
  cargo "${islands[@]}"
  module=$target/$triple/wasm-release/gatehouse.wasm
else
  # Debian's compiler, with a standard library built from its sources (see packaging/deps.sh). A folder of its own: two
  # compilers in one would each undo the other's work.
  export RUSTC_BOOTSTRAP=1
  PATH=/usr/bin:$PATH CARGO_TARGET_DIR=$target/debian cargo "${islands[@]}" -Zbuild-std=std,panic_abort
  module=$target/debian/$triple/wasm-release/gatehouse.wasm
  unset RUSTC_BOOTSTRAP
fi
cargo build --quiet --package bindgen

# --- tools of npm ---
lock=$(sha256sum "$tools/package-lock.json")
if [ "$(cat "$tools/node_modules/.installed" 2>/dev/null)" != "$lock" ]; then
  npm --prefix "$tools" ci --silent
  echo "$lock" >"$tools/node_modules/.installed"
fi

# --- nothing changed, nothing to do ---
stamp=$(sha256sum "$module" "$target/debug/bindgen" src/islands/boot.js style/*.css public/* "$tools"/{assets.mjs,build.sh,package-lock.json} |
  sha256sum)
if [ -f "$target/assets/manifest.json" ] && [ "$(cat "$work/stamp" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi
rm -rf "$work"
mkdir -p "$work"
"$target/debug/bindgen" "$module" "$work" app
node "$tools/assets.mjs" "$work" "$target/assets"
echo "$stamp" >"$work/stamp"
