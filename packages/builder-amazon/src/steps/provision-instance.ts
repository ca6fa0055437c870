import type { Communicator, Facts } from '@imago/core'
import { ImagoError, isImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import { wayInto } from '../options/connect.ts'
import { enter } from './enter.ts'
import type { Launched } from './launch.ts'
import { removeKey } from './remove-key.ts'

/** How long AWS may take to tell of an instance that has ended itself, in milliseconds. */
const endingMs = 8000

/** Enters the instance, runs the provisioners, and leaves it without a trace of the build's key. */
export async function provisionInstance(
  job: Job,
  options: InstanceOptions,
  launched: Launched,
  source: Image,
  facts: Facts,
): Promise<void> {
  const { ctx } = job
  const way = wayInto(options.connect)
  if (way === undefined) {
    await ctx.provision(noMachine, { ...facts, machineId: launched.instance.id })
    return
  }
  const mayStop = options.launch?.stop === 'from-inside'
  const entered = await enter(job, launched, way, source, mayStop)
  await using machine = entered.machine
  try {
    await ctx.provision(machine, { ...facts, ...entered.facts })
  } catch (error) {
    throw isImagoError(error, 'DISCONNECTED') ? await entered.watch.explain(error, endingMs) : error
  }
  const { key } = launched
  const isLetIn = key !== undefined && way.communicator !== 'winrm' && way.windowsPassword === undefined
  // what has been told to shut down is not entered again
  if (isLetIn && way.keepAuthorizedKey !== true && !mayStop) {
    await removeKey(machine, key.publicKey, ctx.signal)
  }
}

function unsupported(): Promise<never> {
  return Promise.reject(
    new ImagoError('UNSUPPORTED', "this step needs a machine, and the instance is not entered (communicator: 'none')", {
      hint: 'leave the step out there, with only or except, or use one that runs on this machine, such as shellLocal',
    }),
  )
}

const noMachine: Communicator = {
  exec: unsupported,
  upload: unsupported,
  download: unsupported,
  stat: unsupported,
  [Symbol.asyncDispose]: async () => undefined,
}
