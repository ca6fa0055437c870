#!/bin/busybox sh
# Installs the guest on the first disk, as the answers of a URL say, which is on the kernel's command line.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
credit-seed
for word in $(cat /proc/cmdline); do case $word in url=*) url=${word#url=} ;; esac; done
echo "installer: answers from ${url:-nowhere}"
ifconfig lo up
ifconfig eth0 up
udhcpc -q -n -t 20 -T 1 -i eth0 -s /etc/udhcpc.sh >/dev/null
wget -q -O /tmp/answers "$url" || { echo 'installer: no answers'; exec sh; }
mount -t iso9660 -o ro /dev/sr0 /cd || { echo 'installer: no medium'; exec sh; }
printf 'o\nn\np\n1\n2048\n\na\n1\nw\n' | fdisk /dev/sda >/dev/null 2>&1
dd if=/cd/boot.img of=/dev/sda bs=440 count=1 conv=notrunc 2>/dev/null
dd if=/cd/core.img of=/dev/sda bs=512 seek=1 conv=notrunc 2>/dev/null
blockdev --rereadpt /dev/sda 2>/dev/null
for try in $(seq 40); do [ -b /dev/sda1 ] && break; sleep 0.05; done
mke2fs -L guest /dev/sda1 >/dev/null
mount -t ext4 /dev/sda1 /target
tar xf /cd/root.tar -C /target
cp /cd/isolinux/vmlinuz /target/boot/vmlinuz
echo 'installer: runs the answers'
sh /tmp/answers
umount /target
sync
echo 'installer: done, restarts'
reboot -f
