import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import { withFileLock } from '@imago/core'
import type { PortRange } from '@imago/hypervisor'
import { freePort, SerialConsole, winrmGuestPort } from '@imago/hypervisor'

import { floppyController } from './devices.ts'
import { followFile } from './follow-file.ts'
import { machineInfo } from './machine-info.ts'
import { logPath } from './make-machine.ts'
import { RunningMachine } from './running-machine.ts'
import type { Slot } from './storage.ts'
import { attach } from './storage.ts'
import type { CommonOptions, ManageCommand, VmFacts } from './virtualbox-options.ts'
import { resolveCommands } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** The name of the rule that leads a port of this machine to the guest, to its SSH server as a rule. */
export const forwardName = 'imago-ssh'

/** How long other builds of this machine may take to start theirs, in milliseconds. */
const startingMs = 600_000

/** What a machine is started with, beside its options. */
export interface StartMaterial {
  readonly box: VirtualBox
  readonly name: string
  /** ISO images, and where they go. */
  readonly cds: readonly { readonly path: string; readonly slot: Slot }[]
  readonly floppy: string | undefined
  readonly facts: VmFacts
  /** Where what the guest says on its serial port is written. */
  readonly serialPath: string
}

/** A machine that runs. */
export interface StartedMachine {
  readonly machine: RunningMachine
  readonly serial: SerialConsole
  /** The port of this machine that leads to the guest. */
  readonly port: number | undefined
}

/** Gives the machine its media, a serial port and a way in, and turns it on. */
export async function startMachine(
  options: CommonOptions,
  material: StartMaterial,
  { ctx, step: { signal, emit } }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<StartedMachine> {
  const { box, name, facts, serialPath } = material
  const { ssh = {}, winrm, communicator, headless = true } = options
  const commands = [...mediaCommands(material), networkCommand(name, serialPath), ...vrdpCommands(name, options.vrdp)]
  for (const command of [...commands, ...resolveCommands(options.vboxmanage, facts)]) await box.manage(command, { signal })
  const turnOn = async (): Promise<void> => {
    await box.manage(['startvm', name, '--type', headless ? 'headless' : 'gui'], { signal })
  }
  const { host, hostPorts } = winrm ?? ssh
  const guestPort = winrm === undefined ? (ssh.port ?? 22) : winrmGuestPort(winrm)
  const isForwarded = communicator !== 'none' && host === undefined
  const port = isForwarded ? await forwarded(turnOn, { box, name, guestPort, hostPorts, signal }) : undefined
  if (port === undefined) await turnOn()
  const serial = new SerialConsole()
  const machine = new RunningMachine({ name, box, folder: ctx.workDirectory, log: await logPath(box, name, signal) })
  const over = AbortSignal.any([ctx.signal, machine.closed])
  void followFile(serialPath, (chunk) => serial.write(chunk), over)
  if (options.vrdp !== undefined && options.vrdp !== false) {
    const shown = (await machineInfo(box, name, signal))?.get('vrdeport')
    emit({ type: 'message', level: 'info', text: `the screen can be seen with Remote Desktop at port ${shown ?? 'unknown'}` })
  }
  return { machine, serial, port }
}

function mediaCommands({ name, cds, floppy }: StartMaterial): readonly ManageCommand[] {
  return [
    ...cds.map(({ path, slot }) => attach(name, slot, 'dvddrive', path)),
    ...(floppy === undefined
      ? []
      : [
          ['storagectl', name, '--name', floppyController, '--add', 'floppy'],
          attach(name, { controller: floppyController, port: 0, device: 0 }, 'fdd', floppy),
        ]),
  ]
}

/** VirtualBox 7 lets guests reach servers of this machine's loopback only where that is asked for. */
function networkCommand(name: string, serialPath: string): ManageCommand {
  const serial = ['--uart1', '0x3F8', '4', '--uart-mode1', 'file', serialPath]
  return ['modifyvm', name, '--nat-localhostreachable1', 'on', ...serial]
}

function vrdpCommands(name: string, vrdp: CommonOptions['vrdp']): readonly ManageCommand[] {
  if (vrdp === undefined || vrdp === false) return []
  const { bind = '127.0.0.1', ports = [5900, 6000] } = vrdp === true ? {} : vrdp
  return [['modifyvm', name, '--vrde', 'on', '--vrde-address', bind, '--vrde-port', ports.join('-')]]
}

interface Forwarding {
  readonly box: VirtualBox
  readonly name: string
  readonly guestPort: number
  readonly hostPorts: PortRange | undefined
  readonly signal: AbortSignal
}

/** Lets a free port lead to the guest. Until VirtualBox has it, no other build of this user looks for one: VirtualBox does not tell when it is taken. */
async function forwarded(turnOn: () => Promise<void>, { box, name, guestPort, hostPorts, signal }: Forwarding): Promise<number> {
  const lock = join(tmpdir(), `imago-virtualbox-${userInfo().uid}.lock`)
  return await withFileLock(lock, { signal, timeoutMs: startingMs }, async () => {
    const port = await freePort(hostPorts)
    await box.manage(['modifyvm', name, '--natpf1', `${forwardName},tcp,127.0.0.1,${port},,${guestPort}`], { signal })
    await turnOn()
    return port
  })
}
