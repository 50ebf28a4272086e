#!/usr/bin/env bash
# Packs a program that is built already: build.sh PROGRAM MANUAL [VERSION] [COMPRESSION], and prints the package's path on the last
# line. MANUAL is the tool of packaging/manual. Nothing but dpkg-deb: what is in the package can be read here.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1
manual=$2
version=${3:-$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)}
compression=${4:-xz}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
here=packaging/deb
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

put() { install -D -m "${3:-644}" "$1" "$root/$2"; }

put "$program" usr/bin/gatehouse 755
for unit in gatehouse-agent.service gatehouse-guard.service gatehouse-registry.service gatehouse-web.service gatehouse-web.socket; do
  put "$here/files/$unit" "lib/systemd/system/$unit"
done
put "$here/files/sysusers.conf" usr/lib/sysusers.d/gatehouse.conf
put "$here/files/tmpfiles.conf" usr/lib/tmpfiles.d/gatehouse.conf
put "$here/files/sysctl.conf" usr/lib/sysctl.d/60-gatehouse.conf
put "$here/files/gatehouse.toml" etc/gatehouse/gatehouse.toml

# --- documents ---
doc=usr/share/doc/gatehouse
put "$here/files/box.toml" "$doc/examples/box.toml"
put "$here/files/registry.toml" "$doc/examples/registry.toml"
put docs/registry.md "$doc/registry.md"
put docs/errors.md "$doc/errors.md"
put docs/command-line.md "$doc/command-line.md"
put docs/applications.md "$doc/applications.md"
put docs/alarms.md "$doc/alarms.md"
put docs/seed-file.md "$doc/seed-file.md"
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: the authors of Gatehouse\n'
  printf 'License: MIT or Apache-2.0\n'
  for file in LICENSE-MIT LICENSE-APACHE; do
    printf ' .\n'
    sed 's/^[[:space:]]*$/./; s/^/ /' "$file"
  done
} >"$root/$doc/copyright"
gzip -9n <CHANGELOG.md >"$root/$doc/changelog.gz"
"$manual" "$root"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# --- control ---
mkdir "$root/DEBIAN"
for script in postinst prerm postrm; do
  install -m 755 "$here/maintainer/$script" "$root/DEBIAN/$script"
done
echo /etc/gatehouse/gatehouse.toml >"$root/DEBIAN/conffiles"
# The C library that it was linked against; a newer one serves, too.
libc=$(dpkg-query -W -f='${source:Upstream-Version}' libc6)
cat >"$root/DEBIAN/control" <<CONTROL
Package: gatehouse
Version: $version
Architecture: $architecture
Maintainer: the authors of Gatehouse <gatehouse@localhost>
Section: net
Priority: optional
Installed-Size: $(du -k -s "$root" | cut -f1)
Depends: libc6 (>= $libc), libgcc-s1, dnsmasq-base, keepalived (>= 1:2.2), rsync, dbus, systemd (>= 247), tzdata, init-system-helpers, passwd
Recommends: systemd-timesyncd | chrony, polkitd
Suggests: modemmanager, mobile-broadband-provider-info, podman (>= 4), crun
Description: local management platform of an edge appliance
 Pages and a command line on the box, with which a technician gives it its place on a site's network. Each change of the
 network undoes itself unless somebody shows that the box is still reached.
CONTROL
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)

mkdir -p "$target/deb"
package=$target/deb/gatehouse_${version}_$architecture.deb
dpkg-deb --root-owner-group -Z"$compression" --build "$root" "$package" >&2
echo "$package"
