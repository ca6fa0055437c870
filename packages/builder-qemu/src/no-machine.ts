import type { Communicator } from '@imago/core'
import { ImagoError } from '@imago/core'

function unsupported(): Promise<never> {
  return Promise.reject(
    new ImagoError('UNSUPPORTED', "this step needs a way into the machine, and there is none (communicator: 'none')", {
      hint: 'leave the step out there, with only or except',
    }),
  )
}

/** What stands for the way into a machine that cannot be reached. */
export const noMachine: Communicator = {
  exec: unsupported,
  upload: unsupported,
  download: unsupported,
  stat: unsupported,
  [Symbol.asyncDispose]: async () => undefined,
}
