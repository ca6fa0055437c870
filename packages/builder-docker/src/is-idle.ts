import type { Communicator } from '@imago/core'

import type { BuildContainer } from './build-container.ts'

/**
 * Lists the processes that are none of ours: the container's first one, which sleeps, the shell that stays open ($$), and its child, which
 * is this script. Everything it uses is built into the shell.
 */
const listOthers = `for folder in /proc/[0-9]*; do
  pid=\${folder#/proc/}
  if [ "$pid" = 1 ] || [ "$pid" = $$ ]; then continue; fi
  read -r status <"$folder/stat" || continue
  set -- \${status##*) }
  if [ "$2" = $$ ]; then continue; fi
  case $status in *' (sleep) S 1 '*) continue ;; esac
  echo "$status"
done`

/**
 * Whether nothing runs in a container that could change a file: then its processes need not be stopped while an image is made of it, which
 * takes engines as long as the image itself.
 */
export async function isIdle({ shell }: Pick<BuildContainer, 'shell'>, machine: Communicator, signal: AbortSignal): Promise<boolean> {
  if (shell === undefined) return false
  let others = 0
  try {
    const { exitCode } = await machine.exec(listOthers, { signal, onOutput: (_, { length }) => (others += length) })
    return exitCode === 0 && others === 0
  } catch {
    signal.throwIfAborted()
    return false // a container that no shell can be had of is not idle for all we know
  }
}
