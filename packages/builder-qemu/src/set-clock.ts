import type { Communicator, Emit } from '@imago/core'

/** Sets the clock of a machine that goes on from kept memory, in which no time has passed. As root, or with sudo that asks nothing. */
export async function setClock(
  machine: Communicator,
  { signal, emit }: { readonly signal: AbortSignal; readonly emit: Emit },
): Promise<void> {
  const set = `date -u -s @${Math.round(Date.now() / 1000)} >/dev/null`
  const { exitCode } = await machine.exec(`${set} 2>&1 || sudo -n ${set} 2>&1`, { signal })
  if (exitCode === 0) return
  emit({ type: 'message', level: 'warning', text: 'the clock of the machine is late: it can be set by root alone, or with sudo' })
}
