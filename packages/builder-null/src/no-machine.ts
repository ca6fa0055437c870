import type { Communicator } from '@imago/core'
import { ImagoError } from '@imago/core'

function unsupported(): Promise<never> {
  return Promise.reject(
    new ImagoError('UNSUPPORTED', "this step needs a machine, and the build has none (communicator: 'none')", {
      hint: 'leave the step out there, with only or except, or use one that runs on this machine, such as shellLocal',
    }),
  )
}

/** What stands for the machine of a build without one. */
export const noMachine: Communicator = {
  exec: unsupported,
  upload: unsupported,
  download: unsupported,
  stat: unsupported,
  [Symbol.asyncDispose]: async () => undefined,
}
