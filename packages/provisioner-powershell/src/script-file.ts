import type { ProvisionContext } from '@imago/core'
import { ImagoError, messageOf } from '@imago/core'

/** How long removing what a script has left may take, in milliseconds. */
const removeMs = 30_000

/** What a script file needs of a step's context. */
type FileContext = Pick<ProvisionContext, 'machine' | 'emit' | 'signal'>

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
  try {
    await context.machine.upload({ content }, path, { signal: context.signal })
  } catch (error) {
    await removeFile(path, context)
    throw error
  }
  return { [Symbol.asyncDispose]: async () => await removeFile(path, context) }
}

/** Removes a file, also after a cancel; a failure is a warning, and does not hide how the script ended. */
export async function removeFile(path: string, { machine, emit }: Omit<FileContext, 'signal'>): Promise<void> {
  // `del` says of no file that it could not be removed
  const command = `if exist "${path}" del /f /q "${path}" & if exist "${path}" exit /b 1`
  try {
    const { exitCode } = await machine.exec(command, { signal: AbortSignal.timeout(removeMs) })
    if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `del ended with exit code ${exitCode}`, { exitCode })
  } catch (error) {
    emit({ type: 'message', level: 'warning', text: `${path} may still be in the machine: ${messageOf(error)}` })
  }
}
