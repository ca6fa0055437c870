import { execFileSync } from 'node:child_process'
import { chmod } from 'node:fs/promises'

/**
 * Makes a folder one that cannot be written, until it is disposed of. Permissions do not stop root; a mount that is read-only does.
 */
export async function readOnly(folder: string): Promise<AsyncDisposable> {
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o555)
    return { [Symbol.asyncDispose]: () => chmod(folder, 0o755) }
  }
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,ro,bind', folder])
  return { [Symbol.asyncDispose]: () => Promise.resolve(void execFileSync('umount', [folder])) }
}
