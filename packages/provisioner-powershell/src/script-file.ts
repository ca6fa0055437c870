import type { ProvisionContext } from '@imago/core'
import { ImagoError, messageOf, timeLimit } from '@imago/core'

/** How long clearing away what a script has left may take, in milliseconds: also where it has restarted the machine, which comes back first. */
const clearMs = { plain: 10_000, restarted: 600_000 } as const

/** What scripts of Windows need of their step. */
export interface ScriptContext extends ProvisionContext {
  /** Whether a script may restart the machine. */
  readonly mayRestart: boolean
}

/** What a script file needs of it. */
type FileContext = Pick<ScriptContext, 'machine' | 'emit' | 'signal' | 'mayRestart'>

/** A path of the machine that nothing else has, where every user may write. */
export function temporaryPath(extension: 'bat' | 'ps1' | 'out'): string {
  return `C:\\Windows\\Temp\\imago-${crypto.randomUUID()}.${extension}`
}

/** A path with backslashes, which all programs of Windows take. */
export function backslashes(path: string): string {
  return path.replaceAll('/', '\\')
}

/** Makes a file of the machine. Disposing removes it. */
export async function scriptFile(path: string, content: Uint8Array, context: FileContext): Promise<AsyncDisposable> {
  await context.machine.upload({ content }, path, { signal: context.signal })
  return { [Symbol.asyncDispose]: async () => await removeFile(path, context) }
}

/** Removes a file, also after a cancel; a failure is a warning, and does not hide how the script ended. */
export async function removeFile(path: string, context: FileContext): Promise<void> {
  const { machine, emit } = context
  // `del` says of no file that it could not be removed
  const command = `if exist "${path}" del /f /q "${path}" & if exist "${path}" exit /b 1`
  try {
    const { exitCode } = await machine.exec(command, { signal: clearingSignal(context) })
    if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `del ended with exit code ${exitCode}`, { exitCode })
  } catch (error) {
    emit({ type: 'message', level: 'warning', text: `${path} may still be in the machine: ${messageOf(error)}` })
  }
}

/** Ends commands that clear away what a script has left, which run also after a cancel. */
export function clearingSignal({ signal, mayRestart }: Pick<FileContext, 'signal' | 'mayRestart'>): AbortSignal {
  if (signal.aborted || !mayRestart) return timeLimit(clearMs.plain)
  return AbortSignal.any([signal, timeLimit(clearMs.restarted)])
}
