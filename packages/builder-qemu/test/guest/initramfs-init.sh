#!/bin/busybox sh
# Finds the guest's root by its label and goes on there.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# without a root, for tests of the machine itself
grep -q imago=efi /proc/cmdline && {
  modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
  secure=$(tail -c 1 /sys/firmware/efi/efivars/SecureBoot-* | od -An -tu1 | tr -d ' ')
  echo "initramfs: UEFI, secure boot ${secure:-none}, TPM $(cat /sys/class/tpm/tpm0/tpm_version_major 2>/dev/null || echo none)" >/dev/ttyS0
  poweroff -f
}
grep -q imago=poweroff /proc/cmdline && { echo "initramfs: powers off"; poweroff -f; }
for module in virtio_pci virtio_blk virtio_scsi sd_mod ata_piix; do modprobe -q "$module"; done
root=
for try in $(seq 100); do
  root=$(findfs LABEL=guest 2>/dev/null) && break
  sleep 0.05
done
[ -n "$root" ] || { echo 'no root'; exec sh; }
mount -t ext4 -o rw "$root" /target
for folder in proc sys dev; do mount -o move "/$folder" "/target/$folder"; done
exec switch_root /target /sbin/init
