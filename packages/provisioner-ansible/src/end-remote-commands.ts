import { messageOf, runLocal, timeLimit } from '@imago/core'
import type { Emit } from '@imago/core'

import { socketsOf } from './session-folder.ts'

/** How long it may take, in milliseconds. */
const patienceMs = 10_000

/**
 * Kills what the SSH server of this connection has started, with all below it, apart from this script. A server lets commands go on whose
 * client has gone. It reads `/proc` (proc_pid_stat(5)), since small systems have no `ps`.
 */
const script = `tree=" $PPID " more=1
while [ "$more" ]; do
  more=
  for f in /proc/[0-9]*/stat; do
    read -r line <"$f" || continue
    pid=\${f#/proc/} pid=\${pid%/stat}
    set -- \${line##*')'}
    case $tree in *" $pid "*) continue ;; esac
    case $pid in $$) continue ;; esac
    case $tree in *" $2 "*) tree="$tree$pid " more=1 ;; esac
  done 2>/dev/null
done
set -- $tree
shift
[ $# = 0 ] || kill -s KILL "$@" 2>/dev/null || sudo -n kill -s KILL "$@" 2>/dev/null
`

/** Kills the commands that run in the machine over the shared connections of a session. */
export async function endRemoteCommands(folder: string, emit: Emit): Promise<void> {
  for (const socket of await socketsOf(folder)) {
    // with no way to connect, only the connection that is open can be used
    const command = ['ssh', '-F', 'none', '-o', `ControlPath=${socket}`, '-o', 'ProxyCommand=false', 'machine', 'exec sh -s']
    try {
      await runLocal({ command, stdin: script, signal: timeLimit(patienceMs) })
    } catch (error) {
      emit({ type: 'message', level: 'warning', text: `commands of the playbook may still run in the machine: ${messageOf(error)}` })
    }
  }
}
