import { ImagoError } from '@imago/core'

import { interruptInstance, stateOf, terminateInstance } from './ec2/instance-lifecycle.ts'
import type { World } from './state/world.ts'

/** Why Amazon ends an instance. */
export interface EndReason {
  /** The code of its `StateReason`; `Server.SpotInstanceTermination` takes a spot instance back. @default 'Server.InternalError' */
  readonly code?: string
  /** @default says the code */
  readonly message?: string
}

/** Ends a running instance as Amazon does. */
export function endInstance(
  world: World,
  id: string,
  { code = 'Server.InternalError', message = `${code}: Internal error` }: EndReason,
): void {
  for (const region of world.regions.values()) {
    const instance = region.instances.find(id)
    if (instance === undefined || stateOf(instance) !== 'running') continue
    const placed = { world, region }
    if (code === 'Server.SpotInstanceTermination') interruptInstance(instance, placed)
    else terminateInstance(instance, placed, { Code: code, Message: message })
    return
  }
  throw new ImagoError('USAGE', `no instance '${id}' is running`)
}
