#!/bin/sh
# Starts the guest: network, SSH, the power button.
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
ifconfig lo 127.0.0.1 up
ifconfig eth0 up
ifconfig eth0 | grep -q 'inet addr' || udhcpc -q -n -t 20 -T 1 -i eth0 -s /etc/udhcpc.sh >/dev/null 2>&1 &
keys=''
for type in ed25519 ecdsa rsa; do keys="$keys -r /etc/dropbear/dropbear_${type}_host_key"; done
dropbear $keys
acpid -l /dev/null -p /run/acpid.pid
echo 'guest: started' >/dev/console
