import { EC2Client } from '@aws-sdk/client-ec2'

import type { Ec2Emulator, Ec2EmulatorOptions } from '../src/index.ts'
import { startEc2Emulator } from '../src/index.ts'

/** Where tests work. */
export const region = 'us-west-2'

/** An emulator with a client of it. */
export interface Emulated {
  readonly emulator: Ec2Emulator
  /** Amazon's own client, in {@link region}. */
  readonly client: EC2Client
}

/** Runs a test against an emulator of its own. */
export function emulated(work: (emulated: Emulated) => Promise<void>, options: Ec2EmulatorOptions = {}): () => Promise<void> {
  return async () => {
    const emulator = await startEc2Emulator(options)
    const client = clientOf(emulator)
    try {
      await work({ emulator, client })
    } finally {
      client.destroy()
      await emulator[Symbol.asyncDispose]()
    }
  }
}

/** A client of an emulator. */
export function clientOf({ endpoint }: Ec2Emulator, options: { readonly region?: string } = {}): EC2Client {
  return new EC2Client({ region, endpoint, credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }, ...options })
}
