#!/bin/bash
# Makes what the tests boot in VirtualBox, of Debian's packages alone, and prints its path:
#   guest.sh iso | key
# Where VirtualBox interprets every instruction, a guest must be small: Debian's kernel for clouds, which is relieved of what takes long
# when it starts (plain-kernel.mjs; `parameters`: self-tests, and what only those who trace kernels need), busybox and dropbear. What is
# made is kept, by the hash of what made it, in $IMAGO_GUEST_CACHE or a folder of the user's cache. The guest's log-in: root, with the key.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${IMAGO_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imago-test-virtualbox-guest}
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')
version=${kernel#linux-image-}
hash=$({ cat "$here"/*; echo "$kernel"; } | sha256sum | cut -c1-16)
store=$cache/$hash
work=$cache/work-$hash
mkdir -p "$store"
touch "$store"
# what has not been used for a day was made by other versions
find "$cache" -mindepth 1 -maxdepth 1 -type d -mmin +1440 -exec rm -rf '{}' +
parameters=$(tr '\n' ' ' <"$here/parameters")

# $1: what is made; the function of that name makes it at $2
made() {
  local path=$store/$1
  if [ ! -e "$path" ]; then
    rm -rf "$work"
    mkdir -p "$work"
    "make_${1%%.*}" "$path.part" >&2
    mv "$path.part" "$path"
    rm -rf "$work"
  fi
  echo "$path"
}

make_key() { ssh-keygen -q -t ed25519 -N '' -C guest -f "$work/key" && mv "$work/key.pub" "$store/key.pub" && mv "$work/key" "$1"; }

# busybox at $1/bin, with a link for each of what it is.
add_programs() {
  local root=$1 applet
  mkdir -p "$root"/{bin,proc,sys,dev,tmp,etc,root,run}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
  install -m 755 "$here/udhcpc.sh" "$root/etc/udhcpc.sh"
}

make_initrd() {
  local tree=$work/initrd name
  add_programs "$tree"
  mkdir -p "$tree"/{cd,target,modules}
  # in the order in which they need each other
  for name in scsi_common scsi_mod libata ata_piix crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod cdrom sr_mod isofs virtio_ring \
    virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net evdev button; do
    find "$package/lib/modules/$version/kernel" -name "$name.ko" -exec cp {} "$tree/modules/" ';' -exec echo "$name" ';' >>"$tree/modules/order"
  done
  # a signature that is not at the end is none: to check one takes a second
  for name in "$tree"/modules/*.ko; do echo >>"$name"; done
  install -m 755 "$here/init.sh" "$tree/init"
  (cd "$tree" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$1"
}

make_root() {
  local root=$work/root type library
  add_programs "$root"
  mkdir -p "$root"/{boot,dev/pts,etc/dropbear,etc/acpi/PWRF,root/.ssh,home,usr}
  ln -s bin "$root/sbin"
  ln -s ../bin "$root/usr/bin"
  ln -s ../bin "$root/usr/sbin"
  # busybox's tar cannot leave files out
  cp --remove-destination "$(command -v dropbear)" "$(command -v tar)" "$(command -v scp)" "$root/bin/"
  # and its shell would take that before any other
  cp --remove-destination "$(command -v dash)" "$root/bin/sh"
  for library in $(ldd "$(command -v dropbear)" "$(command -v tar)" "$(command -v scp)" | grep -o '^[[:space:]].*' | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
  # clients of all ages find one that they know
  for type in rsa ecdsa ed25519; do dropbearkey -t $type -f "$root/etc/dropbear/dropbear_${type}_host_key" >/dev/null 2>&1; done
  install -m 755 "$here/rcS.sh" "$root/etc/rcS"
  printf '::sysinit:/etc/rcS\n::ctrlaltdel:/bin/reboot\n' >"$root/etc/inittab"
  printf '#!/bin/sh\nexec poweroff\n' >"$root/etc/acpi/PWRF/00000080"
  chmod 755 "$root/etc/acpi/PWRF/00000080"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  echo 'root:*:20000:0:99999:7:::' >"$root/etc/shadow"
  echo /bin/sh >"$root/etc/shells"
  chmod 700 "$root/root" "$root/root/.ssh"
  install -m 600 "$store/key.pub" "$root/root/.ssh/authorized_keys"
  tar -C "$root" --owner 0 --group 0 -cf "$1" .
}

# An installer: it waits for keys at its prompt, fetches answers, installs the guest and starts it.
make_installer() {
  local tree=$work/iso boot=$work/iso/boot.fat bios=/usr/lib/syslinux/modules/bios
  mkdir -p "$tree/isolinux"
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$kernel" && dpkg-deb -x linux-image-*.deb package)
  package=$work/package
  node "$here/plain-kernel.mjs" "$package/boot/vmlinuz-$version" "$tree/isolinux/vmlinuz"
  make_initrd "$tree/isolinux/initrd"
  make_root "$tree/root.tar"
  # the partition that the installed guest starts from: of all loaders this one copies least byte by byte
  truncate -s 60M "$boot"
  mformat -i "$boot" -T 122880 -h 64 -s 32 -H 2048 ::
  printf 'DEFAULT guest\nLABEL guest\n KERNEL vmlinuz\n APPEND initrd=initrd %s\n' "$parameters" >"$work/syslinux.cfg"
  mcopy -i "$boot" "$tree/isolinux/vmlinuz" "$tree/isolinux/initrd" "$work/syslinux.cfg" $bios/ldlinux.c32 ::
  syslinux --install "$boot"
  cp /usr/lib/syslinux/mbr/mbr.bin "$tree/"
  cp /usr/lib/ISOLINUX/isolinux.bin $bios/ldlinux.c32 "$tree/isolinux/"
  sed "s|@parameters@|$parameters|" "$here/isolinux.cfg" >"$tree/isolinux/isolinux.cfg"
  xorriso -as mkisofs -quiet -o "$1" -V INSTALLER -J -R -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
    -boot-info-table "$tree"
}

case ${1:-} in
  key) made key ;;
  iso)
    made key >/dev/null
    made installer.iso
    ;;
  *) echo "usage: guest.sh iso | key" >&2 && exit 2 ;;
esac
