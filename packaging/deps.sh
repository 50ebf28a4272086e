#!/usr/bin/env bash
# Installs what is missing: deps.sh run [test]. Asks the machine and not a stamp, so it notices what was removed, and a first
# time that was interrupted does not break the second; with nothing missing it takes a moment.
set -euo pipefail
cd "$(dirname "$0")/.."

# command=package of Debian
run=(cc=build-essential node=nodejs npm=npm curl=curl ip=iproute2 unshare=util-linux dnsmasq=dnsmasq-base)
# The browser without its own windows and toolbars: the same engine, and it leaves the machine's cores to the tests. A DHCP server
# and a client of another make. A message bus. A proxy. What loses packets for a test. What makes and boots the lab's Debian.
test=(chromium-headless-shell=chromium-headless-shell udhcpc=udhcpc udhcpd=udhcpd
  dbus-daemon=dbus-daemon tinyproxy=tinyproxy-bin nft=nftables
  debootstrap=debootstrap systemd-nspawn=systemd-container)
# Without these fonts a screenshot of a Chinese page is a page of boxes.
test_files=(/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk)

die() {
  echo "deps: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root is needed for: $* (sudo is not installed)"
  fi
}

apt() {
  local options=(-y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
  # An installation that was cut off is finished first.
  if [ -n "$(dpkg --audit)" ]; then
    as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" --fix-broken install
  fi
  as_root apt-get "${options[@]}" update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install --no-install-recommends "$@"
}

debian_packages() {
  local missing=() wanted=("${run[@]}") pair
  [[ " $* " == *" test "* ]] && wanted+=("${test[@]}")
  for pair in "${wanted[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  if [[ " $* " == *" test "* ]]; then
    for pair in "${test_files[@]}"; do
      [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
    done
  fi
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "missing, and this is not Debian: ${missing[*]}"
  echo "installing ${missing[*]}"
  apt "${missing[@]}"
}

# The sources of the standard library, which packaging/assets/build.sh compiles for the browser. Where rustup cannot get them, Debian has a
# compiler with them.
wasm_sources() {
  command -v cargo >/dev/null || die "cargo is missing; install Rust with rustup first"
  [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] && return
  [ -d /usr/lib/rustlib/src ] && [ -x /usr/bin/rustc ] && return
  if command -v rustup >/dev/null && rustup component add rust-src; then
    return
  fi
  echo "rustup has no rust-src to give; taking Debian's compiler for the browser's part"
  apt rustc-web cargo-web rust-web-src
}

[ $# -gt 0 ] || die "usage: deps.sh run [test]"
debian_packages "$@"
wasm_sources
