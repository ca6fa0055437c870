#!/bin/busybox sh
# Installs the guest on the first disk, as the answers of a URL say, which is on the kernel's command line.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk virtio_net virtio-rng virtio_scsi sd_mod ata_piix sr_mod isofs af_packet; do modprobe -q "$module"; done
for word in $(cat /proc/cmdline); do case $word in url=*) url=${word#url=} ;; esac; done
echo "installer: answers from ${url:-nowhere}"
card=$(ls /sys/class/net | grep '^e' | head -n 1)
ifconfig lo up
ifconfig "$card" up
udhcpc -q -n -t 20 -T 1 -i "$card" -s /etc/udhcpc.sh >/dev/null
wget -q -O /tmp/answers "$url" || { echo 'installer: no answers'; exec sh; }
mount -t iso9660 -o ro /dev/sr0 /cd || { echo 'installer: no medium'; exec sh; }
for disk in vda sda nvme0n1; do [ -b "/dev/$disk" ] && break; done
echo "installer: partitions $disk"
printf 'o\nn\np\n1\n2048\n\na\n1\nw\n' | fdisk "/dev/$disk" >/dev/null 2>&1
dd if=/cd/boot.img of="/dev/$disk" bs=446 count=1 conv=notrunc 2>/dev/null
dd if=/cd/core.img of="/dev/$disk" bs=512 seek=1 conv=notrunc 2>/dev/null
blockdev --rereadpt "/dev/$disk" 2>/dev/null
partition=/dev/${disk}1
[ "$disk" = nvme0n1 ] && partition=/dev/${disk}p1
for try in $(seq 40); do [ -b "$partition" ] && break; sleep 0.05; done
mke2fs -L guest "$partition" >/dev/null
mount -t ext4 "$partition" /target
tar xzf /cd/root.tgz -C /target
echo 'installer: runs the answers'
sh /tmp/answers
umount /target
sync
echo 'installer: done, restarts'
reboot -f
