#!/usr/bin/env bash
# The lab's Debian, made once by debootstrap and kept outside the clone; prints its folder on the last line. Boxes never write to
# it. Its name is made of this file: a change here makes a new one.
set -euo pipefail
suite=bookworm
packages=(systemd systemd-sysv dbus polkitd libpam-systemd systemd-timesyncd dnsmasq-base iproute2 tzdata procps
  keepalived rsync modemmanager busybox-static)
# These need each other to be configured, which is more than debootstrap can do.
containers=(podman crun)

cache=${GATEHOUSE_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse/lab}
image=$cache/debian-$(sha256sum <"${BASH_SOURCE[0]}" | cut -c 1-12)
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -d "$image" ]; then
  echo "$image"
  exit
fi

[ "$(id -u)" -eq 0 ] || { echo "lab: root is needed to make a Debian: $0" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "lab: debootstrap is missing: packaging/deps.sh run test" >&2; exit 1; }
# Where this machine gets its own packages; debootstrap's own choice if it is not said.
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' 2>/dev/null | head -n 1 || true)
new=$cache/new
rm -rf --one-file-system "$new"
echo "lab: making $image; once, some minutes" >&2
debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$new" ${mirror:+"$mirror"} >"$cache/log" 2>&1 ||
  { tail -n 20 "$cache/log" >&2; exit 1; }

in_new() {
  chroot "$new" env DEBIAN_FRONTEND=noninteractive "$@" >>"$cache/log" 2>&1 || { tail -n 20 "$cache/log" >&2; exit 1; }
}
in_new apt-get -q update
in_new apt-get -q -y install --no-install-recommends "${containers[@]}"

# A lab's box is an overlay, on which podman's own is not possible, and a container, which may not make keyrings.
mkdir -p "$new/etc/containers"
printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >"$new/etc/containers/storage.conf"
printf '[containers]\nkeyring = false\n' >"$new/etc/containers/containers.conf"

# What no box of the lab needs, and what would make each boot longer.
rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/* "$new"/usr/share/{man,locale,info}/*
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-update-utmp.service console-getty.service getty.target ModemManager.service keepalived.service \
  podman.socket podman.service podman-restart.service podman-auto-update.{timer,service}; do
  ln -sf /dev/null "$new/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$new/etc/systemd/system/default.target"
# timesyncd does not run in containers, since they may not set the clock. Here it asks its servers and fails to set it, which is right:
# nothing in the lab has the capability, so that the machine's clock stays.
timesyncd=$new/etc/systemd/system/systemd-timesyncd.service.d
mkdir -p "$timesyncd"
printf '[Unit]\nConditionVirtualization=\nConditionCapability=\n[Service]\nCapabilityBoundingSet=\nAmbientCapabilities=\n' >"$timesyncd/lab.conf"
mkdir -p "$new/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=persistent\nRateLimitBurst=0\n' >"$new/etc/systemd/journald.conf.d/lab.conf"
: >"$new/etc/machine-id"

mv "$new" "$image"
for old in "$cache"/debian-*; do
  [ "$old" = "$image" ] || rm -rf --one-file-system "$old"
done
echo "$image"
