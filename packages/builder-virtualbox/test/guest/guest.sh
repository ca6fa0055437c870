#!/bin/bash
# Makes what the tests boot in VirtualBox, of Debian's packages alone, and prints its path:
#   guest.sh iso | key
# Where VirtualBox interprets every instruction, a guest must be small: a kernel of its own, busybox and dropbear. What is made is kept, by
# the hash of what made it, in $IMAGO_GUEST_CACHE or a folder of the user's cache. The guest's log-in: root, with the key.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${IMAGO_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imago-test-virtualbox-guest}
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
store=$cache/$(cat "$here"/* | sha256sum | cut -c1-16)
kernel=$cache/kernel-$(sha256sum <"$here/kernel.config" | cut -c1-16)
work=$store.work
mkdir -p "$store"

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

# Debian's Linux with a configuration of its own: some minutes, once.
make_kernel() {
  local source
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download linux-source-6.1 && dpkg-deb -x linux-source-6.1_*.deb package)
  source=$(find "$work/package/usr/src" -name 'linux-source-*.tar.xz')
  tar -C "$work" -xf "$source"
  (
    cd "$work"/linux-source-*/
    KCONFIG_ALLCONFIG=$here/kernel.config make -s allnoconfig
    # what depends on something that is not there is left out without a word
    if grep '^CONFIG' "$here/kernel.config" | grep -vxFf .config; then exit 1; fi
    make -s -j"$(nproc)" bzImage
  ) >"$work/kernel.log" 2>&1 || {
    tail -n 20 "$work/kernel.log" >&2
    return 1
  }
  cp "$work"/linux-source-*/arch/x86/boot/bzImage "$kernel"
}

# busybox at $1/bin, with a link for each of what it is, and the program that lets the kernel believe in the seed of its random numbers:
# a guest whose processor has none of its own would wait for them.
add_programs() {
  local root=$1 applet
  mkdir -p "$root"/{bin,proc,sys,dev/pts,tmp,etc,root,run}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
  cp "$here/udhcpc.sh" "$root/etc/udhcpc.sh"
  chmod 755 "$root/etc/udhcpc.sh"
  gcc -Os -static -s -o "$root/bin/credit-seed" "$here/credit-seed.c"
  head -c 64 /dev/urandom >"$root/etc/seed"
}

make_root() {
  local root=$work/root type library
  add_programs "$root"
  mkdir -p "$root"/{boot,etc/dropbear,etc/acpi/PWRF,root/.ssh,home}
  ln -s bin "$root/sbin"
  mkdir -p "$root/usr"
  ln -s ../bin "$root/usr/bin"
  ln -s ../bin "$root/usr/sbin"
  cp "$(command -v dropbear)" "$root/bin/dropbear"
  for library in $(ldd "$(command -v dropbear)" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
  for type in ecdsa ed25519; do dropbearkey -t $type -f "$root/etc/dropbear/dropbear_${type}_host_key" >/dev/null 2>&1; done
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

# An installer: it waits for keys at its prompt, fetches answers, installs the guest and restarts.
make_installer() {
  local tree=$work/iso initramfs=$work/initramfs
  mkdir -p "$tree/isolinux"
  cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$here/isolinux.cfg" "$tree/isolinux/"
  cp "$kernel" "$tree/isolinux/vmlinuz"
  add_programs "$initramfs"
  mkdir -p "$initramfs"/{cd,target}
  install -m 755 "$here/installer-init.sh" "$initramfs/init"
  (cd "$initramfs" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$tree/isolinux/initrd"
  cp "$root_tar" "$tree/root.tar"
  cat >"$work/early.cfg" <<'C'
set root=(hd0,msdos1)
linux /boot/vmlinuz root=/dev/sda1 rw quiet console=tty0 console=ttyS0
boot
C
  grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -c "$work/early.cfg" -o "$tree/core.img" biosdisk part_msdos ext2 linux
  cp /usr/lib/grub/i386-pc/boot.img "$tree/boot.img"
  # as grub-bios-setup does for hard disks: take the drive that the BIOS names
  printf '\x90\x90' | dd of="$tree/boot.img" bs=1 seek=$((0x66)) conv=notrunc status=none
  xorriso -as mkisofs -quiet -o "$1" -V INSTALLER -J -R -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
    -boot-info-table "$tree"
}

case ${1:-} in
  key) made key ;;
  iso)
    made key >/dev/null
    [ -e "$kernel" ] || {
      rm -rf "$work"
      mkdir -p "$work"
      make_kernel >&2
      rm -rf "$work"
    }
    root_tar=$(made root.tar)
    made installer.iso
    ;;
  *) echo "usage: guest.sh iso | key" >&2 && exit 2 ;;
esac
