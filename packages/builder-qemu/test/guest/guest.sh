#!/bin/bash
# Makes what the tests boot, of Debian's packages alone, and prints its path:
#   guest.sh disk | iso | efi | kernel | initrd | key
# Neither root on the machine's disks, loop devices nor mounts are needed. What is made is kept, by the hash of what made it, in
# $IMAGO_GUEST_CACHE or a folder of the user's cache. The guest's log-ins: root with the key, root and imago (with sudo) with 'imago'.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${IMAGO_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imago-test-guest}
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')
version=${kernel#linux-image-}
# without what takes long when the kernel starts, and nobody needs here: self-tests, and preparations for those who trace kernels
parameters=$(tr '\n' ' ' <"$here/../../../builder-virtualbox/test/guest/parameters")
hash=$({ cat "$here"/*; echo "$parameters"; echo "$kernel"; } | sha256sum | cut -c1-16)
store=$cache/$hash
work=$cache/work-$hash
mkdir -p "$store"
touch "$store"
# what has not been used for a day was made by other versions
find "$cache" -mindepth 1 -maxdepth 1 -type d -mmin +1440 -exec rm -rf '{}' +

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

# The kernel package, unpacked.
make_package() {
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$kernel")
  mkdir "$1"
  dpkg-deb -x "$work"/linux-image-*.deb "$1"
}

make_kernel() { cp "$package/boot/vmlinuz-$version" "$1"; }

# The modules that the guest and the installer need, below a folder.
copy_modules() {
  local from=$package/lib/modules/$version to=$1/lib/modules/$version name
  mkdir -p "$to"
  cp "$from"/modules.builtin* "$from"/modules.order "$to/"
  for name in virtio virtio_ring virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev virtio_blk virtio_net net_failover failover \
    virtio_scsi virtio-rng rng-core scsi_mod scsi_common sd_mod sr_mod cdrom libata ata_piix ata_generic isofs crc-t10dif crct10dif_common t10-pi \
    crc64-rocksoft crc64 evdev button fat vfat nls_ascii nls_cp437 nls_iso8859-1 efivarfs af_packet nvme nvme-core; do
    (cd "$from" && find . -name "$name.ko" -exec cp --parents {} "$to/" ';')
  done
  busybox depmod -b "$1" "$version"
}

# An initramfs with busybox, modules and $2 as its init.
pack_initramfs() {
  local tree=$work/initramfs
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,proc,sys,dev,tmp,root,etc,cd,target}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  cp "$here/udhcpc.sh" "$tree/etc/"
  cp "$2" "$tree/init"
  chmod 755 "$tree/init" "$tree/etc/udhcpc.sh"
  copy_modules "$tree"
  (cd "$tree" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null | gzip -1) >"$1"
}

make_initrd() { pack_initramfs "$1" "$here/initramfs-init.sh"; }

# The guest's root file system, as a tar archive.
make_root() {
  local root=$work/root
  debootstrap --variant=minbase --include=openssh-server,busybox-static,sudo bookworm "$root" >"$work/debootstrap.log" || {
    tail -n 20 "$work/debootstrap.log" >&2
    return 1
  }
  # what nothing here needs, and would be archived and copied again and again
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/usr/share/{doc,man,locale,info,i18n,zoneinfo}/* "$root"/usr/lib/*/gconv
  copy_modules "$root"
  install -m 755 "$here/rcS.sh" "$root/etc/rcS"
  install -m 755 "$here/udhcpc.sh" "$root/etc/udhcpc.sh"
  install -m 644 "$here/inittab" "$root/etc/inittab"
  mkdir -p "$root/etc/acpi/PWRF" "$root/boot"
  printf '#!/bin/sh\nexec poweroff\n' >"$root/etc/acpi/PWRF/00000080"
  chmod 755 "$root/etc/acpi/PWRF/00000080"
  for applet in init poweroff reboot halt acpid udhcpc ifconfig route modprobe; do ln -sf ../bin/busybox "$root/usr/sbin/$applet"; done
  printf '#!/bin/sh\nexec poweroff\n' >"$root/usr/sbin/shutdown"
  chmod 755 "$root/usr/sbin/shutdown"
  echo guest >"$root/etc/hostname"
  echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
  chroot "$root" useradd -m -s /bin/bash -G sudo imago
  printf 'root:imago\nimago:imago\n' | chroot "$root" chpasswd
  printf 'PermitRootLogin yes\nUseDNS no\nPrintMotd no\nPrintLastLog no\n' >"$root/etc/ssh/sshd_config.d/guest.conf"
  install -d -m 700 "$root/root/.ssh"
  install -m 600 "$store/key.pub" "$root/root/.ssh/authorized_keys"
  cp "$kernel_file" "$root/boot/vmlinuz"
  cp "$initrd" "$root/boot/initrd"
  tar -C "$root" --numeric-owner -cf "$1" .
}

# GRUB's own image, which goes behind the master boot record, and the record itself.
make_grub() {
  mkdir "$1"
  cat >"$work/early.cfg" <<C
set root=(hd0,msdos1)
linux /boot/vmlinuz root=LABEL=guest ro $parameters
initrd /boot/initrd
boot
C
  grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -c "$work/early.cfg" -o "$1/core.img" biosdisk part_msdos ext2 linux
  cp /usr/lib/grub/i386-pc/boot.img "$1/boot.img"
  # as grub-bios-setup does for hard disks: take the drive that the BIOS names
  printf '\x90\x90' | dd of="$1/boot.img" bs=1 seek=$((0x66)) conv=notrunc status=none
  printf '\x55\xaa' | dd of="$1/boot.img" bs=1 seek=510 conv=notrunc status=none
}

little_endian() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24)))"; }

# A disk with a master boot record, one ext4 partition from 1 MiB on, and GRUB between them.
make_disk() {
  local raw=$work/disk.raw mb=448 root=$work/root
  mkdir "$root"
  tar -C "$root" --numeric-owner -xf "$root_tar"
  truncate -s "${mb}M" "$raw"
  mke2fs -q -t ext4 -L guest -m 0 -O ^metadata_csum_seed,^orphan_file -d "$root" -E offset=$((1024 * 1024)) "$raw" "$(((mb - 1) * 1024))k"
  {
    head -c 446 "$grub/boot.img"
    printf '\x80\xfe\xff\xff\x83\xfe\xff\xff'
    little_endian 2048
    little_endian $(((mb - 1) * 2048))
    head -c 48 /dev/zero
    printf '\x55\xaa'
  } >"$work/mbr"
  cat "$work/mbr" "$grub/core.img" | dd of="$raw" bs=64k conv=notrunc status=none
  qemu-img convert -O qcow2 "$raw" "$1"
}

# An installer: it waits for keys at its prompt, fetches answers, installs the guest and restarts.
make_installer() {
  local tree=$work/iso
  mkdir -p "$tree/isolinux"
  cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$here/isolinux.cfg" "$tree/isolinux/"
  sed -i "s|@parameters@|$parameters|" "$tree/isolinux/isolinux.cfg"
  cp "$kernel_file" "$tree/isolinux/vmlinuz"
  pack_initramfs "$tree/isolinux/initrd.gz" "$here/installer-init.sh"
  gzip -1 <"$root_tar" >"$tree/root.tgz"
  cp "$grub/boot.img" "$grub/core.img" "$tree/"
  xorriso -as mkisofs -quiet -o "$1" -V INSTALLER -J -R -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
    -boot-info-table "$tree"
}

# A disk that starts by UEFI, also with secure boot: a FAT partition with Debian's signed shim, GRUB and kernel.
make_efi() {
  local raw=$work/efi.raw mb=64 fat
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download shim-signed grub-efi-amd64-signed)
  for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/signed"; done
  cat >"$work/grub.cfg" <<'C'
linux /vmlinuz quiet console=tty0 console=ttyS0 imago=efi
initrd /initrd
boot
C
  truncate -s "${mb}M" "$raw"
  {
    head -c 446 /dev/zero
    printf '\x00\xfe\xff\xff\xef\xfe\xff\xff'
    little_endian 2048
    little_endian $(((mb - 1) * 2048))
    head -c 48 /dev/zero
    printf '\x55\xaa'
  } | dd of="$raw" conv=notrunc status=none
  fat=$raw@@1M
  mformat -i "$fat" -F -T $(((mb - 1) * 2048)) ::
  mmd -i "$fat" ::/EFI ::/EFI/BOOT ::/EFI/debian
  mcopy -i "$fat" "$work/signed/usr/lib/shim/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
  mcopy -i "$fat" "$work/signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi
  mcopy -i "$fat" "$work/grub.cfg" ::/EFI/debian/grub.cfg
  mcopy -i "$fat" "$kernel_file" ::/vmlinuz
  mcopy -i "$fat" "$initrd" ::/initrd
  qemu-img convert -O qcow2 "$raw" "$1"
}

case ${1:-} in
  key) made key ;;
  kernel) package=$(made package) && made kernel ;;
  initrd) package=$(made package) && made initrd ;;
  efi)
    package=$(made package)
    kernel_file=$(made kernel)
    initrd=$(made initrd)
    made efi.qcow2
    ;;
  disk | iso)
    made key >/dev/null
    package=$(made package)
    kernel_file=$(made kernel)
    initrd=$(made initrd)
    root_tar=$(made root.tar)
    grub=$(made grub)
    if [ "$1" = disk ]; then made disk.qcow2; else made installer.iso; fi
    ;;
  *) echo "usage: guest.sh disk | iso | efi | kernel | initrd | key" >&2 && exit 2 ;;
esac
