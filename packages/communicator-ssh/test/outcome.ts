import type { Communicator, ImagoError } from '@imago/core'
import { isImagoError } from '@imago/core'

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<ImagoError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (isImagoError(error)) return error
  throw error
}

/** What a command prints, without the line end. */
export async function say(machine: Communicator, command: string): Promise<string> {
  const chunks: Uint8Array[] = []
  await machine.exec(command, { onOutput: (stream, chunk) => stream === 'stdout' && chunks.push(Uint8Array.from(chunk)) })
  return Buffer.concat(chunks).toString().trim()
}
