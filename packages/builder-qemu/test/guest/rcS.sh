#!/bin/sh
# Starts the guest: network, seeds, SSH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd /run/lock
for module in virtio-rng virtio_net af_packet evdev button; do modprobe -q "$module"; done
hostname -F /etc/hostname
ifconfig lo 127.0.0.1 up
for card in /sys/class/net/e*; do
  ifconfig "${card##*/}" up
  busybox udhcpc -q -n -t 20 -T 1 -A 1 -i "${card##*/}" -s /etc/udhcpc.sh >/dev/null 2>&1 &
done
# a small part of what cloud-init does with a NoCloud seed: the keys of its data
modprobe -q ata_piix && modprobe -q sr_mod && modprobe -q isofs
seed=$(busybox findfs LABEL=cidata 2>/dev/null || busybox findfs LABEL=CIDATA 2>/dev/null) && mount -o ro "$seed" /mnt && {
  grep -oh 'ssh-ed25519 [A-Za-z0-9+/=]*' /mnt/user-data /mnt/meta-data >>/root/.ssh/authorized_keys
  cp /mnt/user-data /mnt/meta-data /root/
  umount /mnt
}
/usr/sbin/sshd
busybox acpid
echo 'guest: started' >/dev/console
