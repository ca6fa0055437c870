import { isUnknownMachine } from './manage-error.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What VirtualBox knows of a machine, by the names that `showvminfo --machinereadable` gives it. */
export type MachineInfo = ReadonlyMap<string, string>

/** Everything about a machine, or `undefined` when there is none of that name or UUID. */
export async function machineInfo(box: VirtualBox, name: string, signal: AbortSignal): Promise<MachineInfo | undefined> {
  try {
    return parseInfo(await box.manage(['showvminfo', name, '--machinereadable'], { signal }))
  } catch (error) {
    if (isUnknownMachine(error)) return undefined
    throw error
  }
}

/** Reads lines such as `VMState="running"`, `"IDE-0-0"="/disk.vdi"` and `cpus=1`. */
export function parseInfo(printed: string): MachineInfo {
  const lines = printed.matchAll(/^(?:"([^"]*)"|([^="\n]+))=(?:"([^\n]*)"|([^\n]*?))\r?$/gm)
  return new Map([...lines].map(([, quotedName, name = quotedName, quoted, plain = '']) => [name ?? '', quoted ?? plain]))
}

/** A machine that VirtualBox has registered. */
export interface RegisteredMachine {
  readonly name: string
  readonly uuid: string
}

/** The machines that VirtualBox has registered. */
export async function registeredMachines(box: VirtualBox, signal: AbortSignal): Promise<readonly RegisteredMachine[]> {
  const printed = await box.manage(['list', 'vms'], { signal })
  const lines = printed.matchAll(/^"(.*)" \{([0-9a-f-]{36})\}\r?$/gm)
  return [...lines].map(([, name = '', uuid = '']) => ({ name, uuid }))
}

/** Whether a machine in this state is off. */
export function isOff(state: string | undefined): boolean {
  return state === 'poweroff' || state === 'aborted' || state === 'saved' || state === 'aborted-saved'
}
