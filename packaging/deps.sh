#!/usr/bin/env bash
# Installs what is missing: deps.sh run [test]. Asks the machine and not a stamp, so it notices what was removed, and a first
# time that was interrupted does not break the second; with nothing missing it takes a moment.
set -euo pipefail
cd "$(dirname "$0")/.."

# command=package of Debian; the last line is what `make run` has in its boxes
run=(cc=build-essential node=nodejs npm=npm curl=curl ip=iproute2 unshare=util-linux dnsmasq=dnsmasq-base
  dbus-daemon=dbus-daemon mmcli=modemmanager keepalived=keepalived rsync=rsync setpriv=util-linux)
# The browser without its own windows and toolbars: the same engine, and it leaves the machine's cores to the tests. A DHCP server
# and a client of another make. A proxy. What loses packets for a test. What makes and boots the lab's Debian.
test=(chromium-headless-shell=chromium-headless-shell udhcpc=udhcpc udhcpd=udhcpd
  tinyproxy=tinyproxy-bin nft=nftables busybox=busybox
  debootstrap=debootstrap systemd-nspawn=systemd-container)
# Without these fonts a screenshot of a Chinese page is a page of boxes. The library sets one box's clock and not the machine's.
test_files=(/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk
  "/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1=libfaketime")

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

# Its package starts ModemManager, which would speak with what is plugged into this machine. Only the boxes' is wanted: where there was
# none, it stays off.
keep_modem_manager_off() {
  local unit=/etc/systemd/system/ModemManager.service
  [ -e "$unit" ] || [ -L "$unit" ] && return
  as_root mkdir -p "${unit%/*}"
  as_root ln -s /dev/null "$unit"
  echo "ModemManager is kept off on this machine; to use it here: systemctl unmask ModemManager"
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
  [[ " ${missing[*]} " == *" modemmanager "* ]] && keep_modem_manager_off
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
