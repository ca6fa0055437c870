import type { Communicator } from './communicator.ts'
import { ImagoError } from './error.ts'

function unsupported(): Promise<never> {
  return Promise.reject(
    new ImagoError('UNSUPPORTED', "this step needs a machine, and the build has none (communicator: 'none')", {
      hint: 'leave the step out there, with only or except, or use one that runs on this machine, such as shellLocal',
    }),
  )
}

/** What a builder hands over as the machine of a build that has none, or none that can be reached. */
export const noMachine: Communicator = {
  exec: unsupported,
  upload: unsupported,
  download: unsupported,
  stat: unsupported,
  [Symbol.asyncDispose]: async () => undefined,
}
