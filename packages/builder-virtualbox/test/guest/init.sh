#!/bin/busybox sh
# Starts what is on the first disk; before that, installs it there, when the kernel's command line says from which URL the answers come.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module.ko"; done </modules/order
for word in $(cat /proc/cmdline); do case $word in url=*) url=${word#url=} ;; esac; done
await() { for try in $(seq 100); do [ -b "$1" ] && return; sleep 0.05; done; }

await /dev/sda
if [ -n "$url" ]; then
  echo "installer: answers from $url"
  ifconfig eth0 up
  udhcpc -q -n -t 20 -T 1 -i eth0 -s /etc/udhcpc.sh >/dev/null
  wget -q -O /tmp/answers "$url" || { echo 'installer: no answers'; exec sh; }
  await /dev/sr0
  mount -t iso9660 -o ro /dev/sr0 /cd || { echo 'installer: no medium'; exec sh; }
  printf 'o\nn\np\n1\n2048\n+60M\nn\np\n2\n124928\n\na\n1\nt\n1\ne\nw\n' | fdisk /dev/sda >/dev/null 2>&1
  dd if=/cd/mbr.bin of=/dev/sda conv=notrunc 2>/dev/null
  blockdev --rereadpt /dev/sda 2>/dev/null
  await /dev/sda2
  dd if=/cd/boot.fat of=/dev/sda1 bs=1M oflag=direct 2>/dev/null
  mke2fs -L guest /dev/sda2 >/dev/null
  mount -t ext4 /dev/sda2 /target
  tar xf /cd/root.tar -C /target
  echo 'installer: runs the answers'
  sh /tmp/answers
  umount /cd
  sync
  echo 'installer: done, starts what is installed'
else
  await /dev/sda2
  mount -t ext4 /dev/sda2 /target
fi
for folder in proc sys dev; do mount --move "/$folder" "/target/$folder"; done
exec switch_root /target /bin/init
