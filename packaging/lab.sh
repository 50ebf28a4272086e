#!/usr/bin/env bash
# Builds, packs, and boots two Debian boxes with the package; Ctrl-C removes everything.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/root.sh
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

packaging/stage.sh "assets" packaging/assets/build.sh
packaging/stage.sh "build" cargo build --locked --workspace --bins
packaging/stage.sh "lab image" packaging/test.sh image
image=$(as_root packaging/lab/image.sh | tail -n 1)
# A version that gives way to any that ships.
package=$(packaging/deb/build.sh "$target/debug/gatehouse" "$target/debug/manual" "0~lab" none | tail -n 1)
as_root "$target/debug/boxes" lab --image "$image" --package "$package"
