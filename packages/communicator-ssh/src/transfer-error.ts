import { ImagoError } from '@imago/core'

/** An error in the machine's own words. */
export function transferError(what: string, stderr: string, code: number | undefined): ImagoError {
  const words = stderr.trim().split('\n').slice(0, 3).join('; ')
  const message = `${what}: ${words === '' ? `tar ended with exit code ${code ?? 'unknown'}` : words}`
  if (/no space left|quota exceeded|wrote only \d+ of \d+ bytes/i.test(stderr)) {
    return new ImagoError('DISK_FULL', message, { hint: 'free some space in the machine, or give it a larger disk' })
  }
  return new ImagoError('TRANSFER_FAILED', message, {
    ...(/permission denied/i.test(stderr) && { hint: 'upload it to a folder of this user, and move it with a shell step that uses sudo' }),
  })
}
