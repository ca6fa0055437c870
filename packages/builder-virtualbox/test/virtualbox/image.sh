#!/bin/bash
# Makes a container image with VirtualBox, of Debian's packages, and prints its name. It is kept by the hash of what made it.
#   image.sh [probe]     with probe: whether that can be done, and if not, why
#
# VirtualBox itself is what Debian ships in sid. Machines run without its kernel module, in its interpreter of instructions: that front end
# draws a window, so it gets a screen of its own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mirror=${IMAGO_DEBIAN_MIRROR:-http://deb.debian.org/debian}
export PATH=$PATH:/usr/sbin:/sbin
hash=$(cat "$here"/* | sha256sum | cut -c1-16)
image=imago-test-virtualbox:$hash

# Debian's sid is not everywhere to be had
if [ "${1:-}" = probe ]; then
  if docker image inspect "$image" >/dev/null 2>&1; then exit; fi
  release=$(mktemp)
  trap 'rm -f "$release"' EXIT
  if ! wget -q -T 5 -t 2 -O "$release" "$mirror/dists/sid/InRelease"; then
    echo "there is no Debian sid at $mirror"
  elif ! gpgv -q --keyring /usr/share/keyrings/debian-archive-keyring.gpg "$release" >/dev/null 2>&1; then
    echo "this machine has no key of Debian's sid"
  elif ! wget -q -T 5 -t 2 --spider "$mirror/dists/sid/contrib/binary-amd64/Packages.xz"; then
    echo "there is no part 'contrib' of Debian's sid at $mirror"
  else
    exit 0
  fi
  exit 1
fi

exec 9>"${TMPDIR:-/tmp}/imago-test-virtualbox.lock"
flock 9
if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image"
  exit
fi
work=$(mktemp -d)
root=$work/root
trap 'umount -l "$root/proc" 2>/dev/null || true; rm -rf "$work"' EXIT

quietly() {
  "$@" >>"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    return 1
  }
}

quietly debootstrap --variant=minbase --components=main,contrib sid "$root" "$mirror"
# what nobody reads there
printf 'path-exclude /usr/share/%s/*\n' doc man locale info >"$root/etc/dpkg/dpkg.cfg.d/lean"
echo force-unsafe-io >>"$root/etc/dpkg/dpkg.cfg.d/lean"
# Debian's package wants a kernel module, which machines without a kernel of their own have no use for
mkdir -p "$work/modules/DEBIAN"
printf '%s\n' 'Package: no-virtualbox-modules' 'Version: 1' 'Architecture: all' 'Maintainer: none <none@example.org>' \
  'Provides: virtualbox-modules' 'Description: stands for a kernel module' >"$work/modules/DEBIAN/control"
quietly dpkg-deb -b "$work/modules" "$root/modules.deb"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
quietly chroot "$root" dpkg -i /modules.deb
quietly chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends virtualbox virtualbox-qt xvfb procps
umount -l "$root/proc"
rm -rf "$root/modules.deb" "$root/var/cache/apt"/* "$root/var/lib/apt/lists"/*
mv "$root/usr/lib/virtualbox/VBoxHeadless" "$root/usr/lib/virtualbox/VBoxHeadless.real"
install -m 755 "$here/VBoxHeadless" "$root/usr/lib/virtualbox/VBoxHeadless"
tar -C "$root" -c . | docker import - "$image" >/dev/null
echo "$image"
