import { typeBootCommand } from '@imago/hypervisor'

import type { MachineUse } from './machine-use.ts'
import type { PoweredMachine } from './power-on.ts'

/** Types the boot command, if there is one. */
export async function bootMachine({ machine, serial }: PoweredMachine, { options, ctx, seeds: { facts } }: MachineUse): Promise<void> {
  const { boot } = options
  if (boot?.command === undefined) return
  const { directory } = ctx
  const signal = AbortSignal.any([ctx.signal, machine.lost])
  await ctx.step('boot', 'type the boot command', () =>
    typeBootCommand(boot, { keyboard: machine, screen: machine, serial, directory, facts, signal }),
  )
}
