import type { Communicator } from '@imago/core'
import { ImagoError, wait } from '@imago/core'

/**
 * Prints, one a line, what a running Linux has beside its disks: processes that no service manager starts again (those of the kernel, of
 * SSH and of this shell left out), mounts, files in folders that the next boot empties, and where its root is.
 */
const script = `LC_ALL=C
own=" $$ "; pid=$$
while [ "$pid" -gt 1 ]; do
  parent=0
  while read -r key value; do [ "$key" = PPid: ] && parent=$value; done <"/proc/$pid/status"
  pid=$parent; own="$own$pid "
done
for process in /proc/[0-9]*; do
  case $own in *" \${process#/proc/} "*) continue ;; esac
  line=; read -r line 2>/dev/null <"$process/cmdline"; [ -n "$line" ] || continue
  name=; read -r name 2>/dev/null <"$process/comm"
  case $name in sshd* | sftp-server | '(sd-pam)' | agetty | getty | login) continue ;; esac
  service=
  while read -r group; do case $group in */ssh*.service*) ;; *.service*) service=1 ;; esac; done 2>/dev/null <"$process/cgroup"
  [ -n "$service" ] || echo "process $name"
done
while read -r _ at type _; do case "$type $at" in autofs* | *' /run/'*) ;; *) echo "mount $at" ;; esac; done </proc/mounts
for folder in /tmp /dev/shm; do
  for file in "$folder"/* "$folder"/.[!.]*; do
    case $file in */systemd-private-* | */.*-unix | */.X*) ;; *) [ -e "$file" ] && echo "file $file" ;; esac
  done
done
while read -r _ at type _; do [ "$at" = / ] && root=$type; done </proc/mounts
echo "root $root"
sync`

/** File systems that a machine which runs from memory, or from a CD, has as its root. */
const fleeting = ['tmpfs', 'ramfs', 'rootfs', 'overlay', 'squashfs', 'iso9660']

/** How often to look whether processes are gone that were just ending, and the wait between, in milliseconds. */
const looks = 5
const lookAgainMs = 50

/** What a machine has beside its disks, a line each; a reboot would lose it. What it has written is on its disks. */
export async function fleetingState(machine: Communicator, signal: AbortSignal): Promise<readonly string[]> {
  if (machine.platform === 'windows') throw noLinux()
  const printed: Uint8Array[] = []
  const { exitCode } = await machine.exec(script, {
    signal,
    onOutput: (stream, chunk) => void (stream === 'stdout' && printed.push(Uint8Array.from(chunk))),
  })
  if (exitCode !== 0) throw noLinux()
  return Buffer.concat(printed).toString().trimEnd().split('\n')
}

function noLinux(): ImagoError {
  return new ImagoError('UNSUPPORTED', 'nobody can tell what a reboot would take from the machine: it is no Linux', {
    hint: 'live: true keeps its memory too',
  })
}

/**
 * Sees to it that a snapshot of the disks holds all that the steps have done.
 * @param before what {@link fleetingState} said before the first step
 * @throws ImagoError `UNSUPPORTED` when it would not, with what it would lack
 */
export async function checkNothingFleeting(machine: Communicator, before: readonly string[], signal: AbortSignal): Promise<void> {
  for (let look = 1; ; look++) {
    const now = await fleetingState(machine, signal)
    const lost = lostByReboot(before, now)
    if (lost === undefined) return
    if (look === looks || !lost.startsWith('process ')) {
      throw new ImagoError('UNSUPPORTED', `a reboot would lose the ${lost}`, { hint: 'live: true keeps the memory of the machine too' })
    }
    await wait(lookAgainMs, signal)
  }
}

/** The first line of what a machine has now that a reboot would take from it; `undefined` when there is none. */
export function lostByReboot(before: readonly string[], now: readonly string[]): string | undefined {
  const left = [...before]
  return now.find((line) => {
    if (line.startsWith('root ')) return fleeting.includes(line.slice('root '.length))
    const index = left.indexOf(line)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
}
