import type { Communicator } from '@imago/core'
import { milliseconds, reveal } from '@imago/core'
import { shutDown } from '@imago/hypervisor'

import type { MachineUse } from './machine-use.ts'
import type { PoweredMachine } from './power-on.ts'

/** Shuts the machine down, and waits until QEMU has ended. A machine that nobody can ask is waited for: it goes off by itself. */
export async function shutDownMachine(
  { machine }: PoweredMachine,
  communicator: Communicator,
  { options, ctx }: MachineUse,
): Promise<void> {
  const { command, timeout = '5m' } = options.shutdown ?? {}
  const timeoutMs = milliseconds(timeout)
  if (command !== undefined && typeof command !== 'string') ctx.maskSecret(reveal(command))
  await ctx.step('shutdown', 'shut the machine down', async ({ signal, emit, output }) => {
    const power = options.communicator === 'none' ? { ...switchOf(machine), pressButton: async () => undefined } : machine
    await shutDown({
      power,
      machine: communicator,
      timeoutMs,
      signal,
      emit,
      output,
      ...(command !== undefined && { command: reveal(command) }),
    })
  })
}

/** The machine's power switch, as a value of its own. */
function switchOf(machine: PoweredMachine['machine']): Pick<PoweredMachine['machine'], 'waitUntilOff' | 'pullPlug'> {
  return { waitUntilOff: (signal) => machine.waitUntilOff(signal), pullPlug: (signal) => machine.pullPlug(signal) }
}
