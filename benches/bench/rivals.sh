#!/usr/bin/env bash
# What the same changes cost NetworkManager and systemd-networkd: each in namespaces of its own with a message bus of its own, so that
# nothing of it reaches the machine. Prints `nmcli static 98123`, microseconds each, a line for each time; nothing for what is not installed.
# rivals.sh TIMES
set -euo pipefail
times=${1:-30}
networkd=/lib/systemd/systemd-networkd

if [ "${2:-}" != inside ]; then
  for program in dbus-daemon dnsmasq unshare nsenter; do
    command -v "$program" >/dev/null || { echo "rivals: $program is not installed" >&2; exit 0; }
  done
  exec unshare --net --mount --pid --mount-proc --fork --kill-child bash "$0" "$times" inside
fi

say() { echo "$1 $2 $3"; }
# microseconds
now() { local t=$EPOCHREALTIME; echo "${t/[.,]/}"; }
until_true() { for _ in $(seq 2000); do "$@" >/dev/null 2>&1 && return; done; echo "rivals: never: $*" >&2; exit 1; }
apart() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
has() { ip -4 -o addr show dev "$1" | grep -q "$2"; }

# with sysfs read-only both take the box for a container, and do not wait for a udev that is not there
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/NetworkManager /run/systemd/netif/{links,leases} /run/systemd/network
for folder in /etc/NetworkManager /var/lib/NetworkManager; do [ ! -d $folder ] || mount -t tmpfs tmpfs $folder; done
ip link set lo up

cat >/run/bus.conf <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
END
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile 2>/dev/null &
until_true [ -S /run/dbus/system_bus_socket ]

# a wire to a site with a DHCP server: site NUMBER INTERFACE
site() {
  unshare --net sleep 600 &
  local far=$!
  until_true apart $far
  ip link add "$2" type veth peer name far netns $far
  nsenter -t $far -n ip addr add "10.$1.0.1/24" dev far
  nsenter -t $far -n ip link set far up
  ip link set "$2" up
  nsenter -t $far -n dnsmasq --conf-file=/dev/null --keep-in-foreground --port=0 --interface=far --bind-interfaces \
    --dhcp-range="10.$1.0.100,10.$1.0.150,120" --dhcp-leasefile=/run/leases.$1 --dhcp-authoritative --no-ping --pid-file= --user=root 2>/dev/null &
}

if command -v nmcli >/dev/null && command -v NetworkManager >/dev/null; then
  site 9 nm0
  mkdir -p /etc/NetworkManager/system-connections
  cat >/etc/NetworkManager/NetworkManager.conf <<'END'
[main]
plugins=keyfile
auth-polkit=false
dns=none
no-auto-default=*
END
  NetworkManager --no-daemon 2>/dev/null &
  until_true nmcli general
  nmcli -t con add type ethernet ifname nm0 con-name c ipv4.method manual ipv4.addresses 10.9.0.9/24 ipv6.method disabled >/dev/null
  until_true nmcli -t con up c
  for n in $(seq "$times"); do
    from=$(now)
    nmcli -t con mod c ipv4.method manual ipv4.addresses "10.9.0.$((10 + n))/24"
    nmcli -t con up c >/dev/null
    until_true has nm0 "10.9.0.$((10 + n))/"
    say nmcli static $(($(now) - from))
  done
  for n in $(seq "$times"); do
    nmcli -t con mod c ipv4.method manual ipv4.addresses 10.9.0.9/24
    nmcli -t con up c >/dev/null
    from=$(now)
    nmcli -t con mod c ipv4.method auto ipv4.addresses ""
    nmcli -t con up c >/dev/null
    until_true has nm0 "10.9.0.1[0-5][0-9]/"
    say nmcli dhcp $(($(now) - from))
  done
  nmcli -t con down c >/dev/null
fi

if command -v networkctl >/dev/null && [ -x "$networkd" ]; then
  site 8 nd0
  chown -R systemd-network: /run/systemd/netif
  "$networkd" 2>/dev/null &
  # its name is taken only when it has looked at every interface
  until_true networkctl --no-pager --json=short status nd0
  until_true networkctl reload
  set_to() { printf '[Match]\nName=nd0\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n%s\n' "$1" >/run/systemd/network/nd0.network; }
  for n in $(seq "$times"); do
    from=$(now)
    set_to "Address=10.8.0.$((10 + n))/24"
    networkctl reload
    until_true has nd0 "10.8.0.$((10 + n))/"
    say networkctl static $(($(now) - from))
  done
  for n in $(seq "$times"); do
    set_to "Address=10.8.0.9/24"
    networkctl reload
    until_true has nd0 "10.8.0.9/"
    from=$(now)
    set_to "DHCP=ipv4"
    networkctl reload
    until_true has nd0 "10.8.0.1[0-5][0-9]/"
    say networkctl dhcp $(($(now) - from))
  done
fi
