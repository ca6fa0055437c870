#!/bin/sh
# What the container runs: the screen that machines draw on, and the settings that let them do without the kernel module.
Xvfb :97 -screen 0 1024x768x24 -nolisten tcp >/dev/null 2>&1 &
manage=/usr/lib/virtualbox/VBoxManage
$manage setextradata global VBoxInternal/HM/FallbackToIEM 1
$manage setextradata global VBoxInternal/EM/IemExecutesAll 1
$manage setextradata global GUI/SuppressMessages all
touch /run/ready
exec sleep infinity
