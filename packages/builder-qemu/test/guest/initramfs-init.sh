#!/bin/busybox sh
# Finds the guest's root by its label and goes on there.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
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
