import type { Communicator, Emit } from '@imago/core'

/** Sets the clock of a machine that goes on from kept memory, in which no time has passed. As root, with sudo that asks nothing, or as an administrator. */
export async function setClock(
  machine: Communicator,
  { signal, emit }: { readonly signal: AbortSignal; readonly emit: Emit },
): Promise<void> {
  const now = new Date()
  const { exitCode } = await machine.exec(machine.platform === 'windows' ? onWindows(now) : onPosix(now), { signal })
  if (exitCode === 0) return
  emit({ type: 'message', level: 'warning', text: `the clock of the machine is late: ${whoMay(machine)} can set it` })
}

function whoMay({ platform }: Communicator): string {
  return platform === 'windows' ? 'only an administrator' : 'only root, or somebody with sudo,'
}

function onPosix(now: Date): string {
  const set = `date -u -s @${Math.round(now.getTime() / 1000)} >/dev/null`
  return `${set} 2>&1 || sudo -n ${set} 2>&1`
}

/** PowerShell takes a time that says it is UTC as the same time of its own zone. */
function onWindows(now: Date): string {
  return `powershell -NoProfile -NonInteractive -Command "Set-Date -Date ([DateTime]::Parse('${now.toISOString()}'))"`
}
