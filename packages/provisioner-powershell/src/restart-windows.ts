import type { Communicator, ExecOptions, ProvisionContext } from '@imago/core'
import { formatDuration, ImagoError, isImagoError, milliseconds, timeLimit, wait } from '@imago/core'

import { powershellCommand, powershellQuote } from './powershell-text.ts'
import type { WindowsRestartOptions } from './windows-restart.ts'

/** The wait between two looks at the machine, in milliseconds: the first, and the longest. */
const pollMs = { first: 100, longest: 2000 } as const

/** Keys that are there while components are installed, or want a restart to be so. */
const updateKeys: readonly string[] = ['RebootPending', 'PackagesPending', 'RebootInProgress'].map(
  (name) => `HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\${name}`,
)

/** Restarts the machine and waits until it is ready. */
export async function restartWindows(options: WindowsRestartOptions, context: ProvisionContext): Promise<void> {
  const { machine, build } = context
  const { command, within = '10m' } = options
  if (machine.restart === undefined) {
    throw new ImagoError('UNSUPPORTED', `the machine of '${build}' cannot restart`, { hint: "leave the step out there, with 'except'" })
  }
  const late = timeLimit(milliseconds(within))
  const signal = AbortSignal.any([context.signal, late])
  await machine.restart({ within, signal: context.signal, ...(command !== undefined && { command }) })
  let missing: string | undefined
  try {
    for (let delay: number = pollMs.first; ; delay = Math.min(delay * 2, pollMs.longest)) {
      missing = await whatIsMissing(options, { machine, output: context.output, signal })
      if (missing === undefined) return
      await wait(delay, signal)
    }
  } catch (error) {
    if (!late.aborted || context.signal.aborted) throw error
    throw new ImagoError('TIMEOUT', `the machine of '${build}' is not ready ${formatDuration(milliseconds(within))} after its restart`, {
      cause: error,
      hint: missing ?? 'raise within',
    })
  }
}

/** What a look at the machine needs. */
interface Look extends Pick<ProvisionContext, 'output' | 'signal'> {
  readonly machine: Communicator
}

/** What the machine still lacks; `undefined` when it is ready. A machine that restarts once more is not. */
async function whatIsMissing({ check, registryKeys = false }: WindowsRestartOptions, look: Look): Promise<string | undefined> {
  const keys = typeof registryKeys === 'boolean' ? (registryKeys ? updateKeys : []) : registryKeys
  try {
    const code = check === undefined ? 0 : await exitCodeOf(check, look)
    if (code !== 0) return `the check ended with exit code ${code} at last`
    if (keys.length > 0 && (await exitCodeOf(keysCommand(keys), look)) !== 0) return 'a key of the registry says that Windows is not done'
    return undefined
  } catch (error) {
    if (isImagoError(error, 'DISCONNECTED') && !look.signal.aborted) return 'the connection broke at last'
    throw error
  }
}

async function exitCodeOf(command: string | readonly string[], { machine, output, signal }: Look): Promise<number> {
  const options: ExecOptions = { signal, onOutput: output }
  const { exitCode } = await machine.exec(command, options)
  return exitCode
}

/** Ends with 1 and says which, when one of the keys is there. */
function keysCommand(keys: readonly string[]): readonly string[] {
  const list = keys.map(powershellQuote).join(', ')
  const statement = `foreach ($key in ${list}) { if (Test-Path -LiteralPath $key) { Write-Output ($key + ' is there'); exit 1 } }`
  return powershellCommand([statement], { program: 'powershell', executionPolicy: 'Bypass' })
}
