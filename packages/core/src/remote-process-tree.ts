import { setTimeout as delay } from 'node:timers/promises'

import type { ShellChannel } from './shell-channel.ts'

/** How long to go on killing when SIGKILL does not help: a process that hangs in the kernel, or belongs to somebody else. */
const giveUpAfterMs = 5000

/**
 * Sends `$1` to the descendants of process `$root` (to `$root` itself too when `$whole` is set) and prints how many are alive. SIGTERM
 * is sent once to each. Found are: children by their parent; those seen before, by pid and start time, because an orphan has a new
 * parent; and orphans in the session that `$root` leads that are no older than what it runs now. It reads `/proc/<pid>/stat`
 * (proc_pid_stat(5); the name in brackets may hold anything, so that only what follows the last bracket counts) with what every POSIX
 * shell has built in: `ps` and `pkill` are missing from most containers.
 */
const killer = `
known=' ' told=' ' since=
scan() {
  all=
  for f in /proc/[0-9]*/stat; do
    s=
    while read -r l; do s=$l; done <"$f"
    set -- \${s##*')'}
    case $1 in '' | Z | X) continue ;; esac
    f=\${f#/proc/}
    all="$all \${f%/stat}:$2:$4:\${20}"
  done
}
member() {
  case $known in *" $1:$4 "*) return 0 ;; esac
  case $1 in "$root") [ "$whole" ]; return ;; $$) return 1 ;; esac
  case "$tree$root " in *" $2 "*) return 0 ;; esac
  [ "$3" = "$root" ] && [ "$since" ] && [ "$1" -gt "\${since%:*}" ] && [ "$4" -ge "\${since#*:}" ]
}
grow() {
  for e in $all; do
    pid=\${e%%:*} start=\${e##*:} e=\${e#*:}
    parent=\${e%%:*} e=\${e#*:}
    case $tree in *" $pid "*) continue ;; esac
    member "$pid" "$parent" "\${e%:*}" "$start" || continue
    [ "$since" ] || since=$pid:$start
    tree="$tree$pid " known="$known$pid:$start " more=1
  done
}
end() {
  tree=' ' more=1
  scan
  while [ "$more" ]; do more=; grow; done
  name=$1
  set -- $tree
  for pid; do
    case $name$told in TERM*" $pid "*) continue ;; esac
    kill -s "$name" "$pid"
    told="$told$pid "
  done
  printf %d $#
}
`

/** What to kill. */
interface RemoteTree {
  readonly pid: number
  /** Whether the process itself goes too, or only what is below it. */
  readonly whole: boolean
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number
  /** Something that settles when the tree is gone and nothing can be added to it any more. */
  readonly ended: Promise<unknown>
}

/** Kills a process tree of the machine where `channel`'s shell runs: SIGTERM, then SIGKILL. Resolves when none of it is left. */
export async function endRemoteTree(channel: ShellChannel, tree: RemoteTree): Promise<void> {
  await channel.run(`root=${tree.pid} whole=${tree.whole ? '1' : ''}${killer}`, () => undefined)
  let ended = false
  void tree.ended.then(
    () => (ended = true),
    () => (ended = true),
  )
  const killAt = performance.now() + tree.graceMs
  for (let waitMs = 2; performance.now() < killAt + giveUpAfterMs; waitMs = Math.min(waitMs * 2, 50)) {
    const alive = await signalTree(channel, performance.now() < killAt ? 'TERM' : 'KILL')
    if (alive === 0 && ended) return
    await delay(waitMs)
  }
}

async function signalTree(channel: ShellChannel, name: 'TERM' | 'KILL'): Promise<number> {
  const printed: Uint8Array[] = []
  await channel.run(`end ${name} 2>/dev/null`, (stream, chunk) => stream === 'stdout' && printed.push(chunk))
  return Number(Buffer.concat(printed).toString('latin1'))
}
