#!/bin/sh
case $1 in
  bound | renew)
    busybox ifconfig "$interface" "$ip" netmask "${subnet:-255.255.255.0}"
    [ -n "$router" ] && busybox route add default gw "${router%% *}"
    for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
    ;;
esac
