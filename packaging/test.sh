#!/usr/bin/env bash
# All tests: the Rust ones, then the browser's. A test that is skipped fails the run, and so does a run without tests.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/root.sh
export CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
log=$CARGO_TARGET_DIR/test-logs
mkdir -p "$log"

die() {
  echo "test: $*" >&2
  exit 1
}

# Only the tests need root: cargo itself must not leave files of root's in the target folder.
tests_as_root() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null || die "root is needed for network namespaces, and sudo is not installed"
  export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="sudo -E" CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="sudo -E"
}

# cargo-nextest where it is installed. Building it takes longer than it saves, so it is not installed for this.
rust_tests() {
  tests_as_root
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --workspace --no-tests=fail --color=never 2>&1 | tee "$log/rust"
    ! grep -qE 'Summary .* [1-9][0-9]* skipped' "$log/rust" || die "tests were skipped"
  else
    cargo test --locked --workspace --no-fail-fast --color=never 2>&1 | tee "$log/rust"
    grep -qE '^test result: ok\. [1-9]' "$log/rust" || die "no tests were run"
    ! grep -E '^test .* \.\.\. ignored' "$log/rust" || die "tests were skipped"
  fi
}

browser_tests() {
  local lock
  lock=$(sha256sum package-lock.json)
  if [ "$(cat node_modules/.installed 2>/dev/null)" != "$lock" ]; then
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-fund --no-audit
    echo "$lock" >node_modules/.installed
  fi
  local image package
  image=$(as_root ../packaging/lab/image.sh | tail -n 1)
  package=$(../packaging/deb/build.sh "$CARGO_TARGET_DIR/debug/gatehouse" "$CARGO_TARGET_DIR/debug/manual" 1.2 none | tail -n 1)
  IMAGE=$image PACKAGE=$package PLAYWRIGHT_JSON_OUTPUT_FILE=$log/browser.json CHROMIUM=$(command -v chromium-headless-shell) \
    GATEHOUSE=$CARGO_TARGET_DIR/debug/gatehouse BOXES=$CARGO_TARGET_DIR/debug/boxes \
    as_root npx --no-install playwright test --forbid-only --reporter=list,json
  node -e 'const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    if (!stats.expected || stats.skipped) throw new Error(`${stats.expected} passed, ${stats.skipped} were skipped`)' "$log/browser.json"
}

case ${1:-} in
  image) as_root packaging/lab/image.sh ;;
  rust) rust_tests ;;
  soak)
    cargo build --locked --workspace --bins
    tests_as_root
    GATEHOUSE_KILLS=1000 cargo test --locked --workspace --test network -- --nocapture s24_
    ;;
  browser) cd end2end && browser_tests ;;
  "")
    packaging/stage.sh "assets" packaging/assets/build.sh
    packaging/stage.sh "build" cargo build --locked --workspace --bins --tests
    packaging/stage.sh "lab image" packaging/test.sh image
    packaging/stage.sh "Rust tests" packaging/test.sh rust
    packaging/stage.sh "browser tests" packaging/test.sh browser
    ;;
  *) die "usage: test.sh [image|rust|browser|soak]" ;;
esac
