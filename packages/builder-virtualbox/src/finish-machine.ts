import { removeAdded } from './devices.ts'
import type { MachineInfo } from './machine-info.ts'
import { machineInfo } from './machine-info.ts'
import { labelCommand } from './machine-resource.ts'
import { forwardName } from './start-machine.ts'
import type { Slot } from './storage.ts'
import { detach } from './storage.ts'
import type { CommonOptions, ManageCommand, VmFacts } from './virtualbox-options.ts'
import { resolveCommands } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What is to be taken from a machine that has served its build. */
export interface FinishMaterial {
  readonly box: VirtualBox
  readonly facts: VmFacts
  /** The places of CDs that do not stay. */
  readonly cds: readonly Slot[]
  readonly signal: AbortSignal
}

/** Takes from a machine that is off what only the build needed, and calls what is to be called at the end. */
export async function finishMachine(options: CommonOptions, { box, facts, cds, signal }: FinishMaterial): Promise<void> {
  const { vm } = facts
  for (const slot of cds) await box.manage(detach(vm, slot), { signal })
  const info: MachineInfo = (await machineInfo(box, vm, signal)) ?? new Map()
  const commands: readonly ManageCommand[] = [
    ...removeAdded(vm, info),
    ['modifyvm', vm, ...withoutSerial, ...(isBorrowed(options) ? [] : withoutHost), ...(isVrdpOn(options) ? ['--vrde', 'off'] : [])],
    ...(hasForward(info) ? [['modifyvm', vm, '--natpf1', 'delete', forwardName]] : []),
    labelCommand(vm, undefined),
    ...resolveCommands(options.vboxmanagePost, facts),
  ]
  for (const command of commands) await box.manage(command, { signal })
}

/** A serial port that is only turned off keeps the name of its file, also in an appliance. */
const withoutSerial = ['--uart-mode1', 'disconnected', '--uart1', 'off']

/** Nobody who imports an appliance expects its guest to reach the servers of their own loopback. */
const withoutHost = ['--nat-localhostreachable1', 'off']

/** Whether the machine is the user's, who may have let it reach them. */
function isBorrowed(options: CommonOptions): boolean {
  return 'clone' in options && options.clone === 'in-place'
}

function isVrdpOn({ vrdp }: CommonOptions): boolean {
  return vrdp !== undefined && vrdp !== false
}

function hasForward(info: MachineInfo): boolean {
  return [...info].some(([key, value]) => key.startsWith('Forwarding(') && value.startsWith(`${forwardName},`))
}
