import { resolve } from 'node:path'

import type { BuildContext, Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'
import { byteSize, winrmGuestPort } from '@imago/hypervisor'

import type { Accelerator } from './accelerator.ts'
import type { WorkingDisk } from './machine-disks.ts'
import { machineName } from './machine-resource.ts'
import type { CpuTopology, FlashSpec, ForwardSpec, MachineSpec, NicSpec } from './machine-spec.ts'
import type { QemuOptions } from './qemu-options.ts'
import { serialLogPath } from './serial-log.ts'

/** What is known of the machine beside its options. */
export interface MachinePlan {
  readonly accelerator: Accelerator
  readonly disks: readonly WorkingDisk[]
  /** ISO images, the one to boot from first. */
  readonly cds: readonly string[]
  readonly floppy: string | undefined
  readonly flash: FlashSpec | undefined
  readonly facts: Facts
  /** Whether it waits for the memory of another. @default false */
  readonly isIncoming?: boolean
}

/** Everything about the machine, with the defaults of options that are left out. */
export function machineSpec(options: QemuOptions, plan: MachinePlan, ctx: BuildContext): Omit<MachineSpec, 'sockets'> {
  const { accelerator, disks, cds, floppy, flash, facts, isIncoming = false } = plan
  const {
    arch = 'x86_64',
    memory = '1g',
    diskInterface = 'virtio',
    headless = true,
    kernel,
    qemuArgs = [],
    topology,
    vga,
    firmware,
  } = options
  const bios = typeof firmware === 'object' ? firmware.bios : undefined
  const vnc = vncOption(options.vnc)
  const commandLine = kernel?.commandLine === undefined ? undefined : resolveFacts(kernel.commandLine, facts)
  return {
    name: machineName(ctx),
    arch,
    accelerator,
    type: options.machineType ?? defaultType({ arch, accelerator, flash }),
    cpu: options.cpuModel ?? (accelerator === 'tcg' ? 'max' : 'host'),
    cpus: options.cpus ?? processorsOf(topology),
    memory: byteSize(memory),
    disks,
    diskInterface,
    cds,
    nics: [userNic(options), ...bridgeNics(options)],
    serialLog: serialLogPath(ctx.workDirectory),
    headless,
    isIncoming,
    extra: qemuArgs,
    ...(topology !== undefined && { topology }),
    ...(bios !== undefined && { bios: resolve(ctx.directory, bios) }),
    ...(vga !== undefined && { vga }),
    ...(options.tpm === '1.2' && { hasOldTpm: true }),
    ...(flash !== undefined && { flash }),
    ...(floppy !== undefined && { floppy }),
    ...(vnc !== undefined && { vnc }),
    ...(kernel !== undefined && {
      kernel: {
        image: resolve(ctx.directory, kernel.image),
        ...(kernel.initrd !== undefined && { initrd: resolve(ctx.directory, kernel.initrd) }),
        ...(commandLine !== undefined && { commandLine }),
      },
    }),
  }
}

/** Without a number, what the topology comes to. */
function processorsOf(topology: CpuTopology | undefined): number {
  if (topology === undefined) return 2
  const { sockets = 1, cores = 1, threads = 1 } = topology
  return sockets * cores * threads
}

function defaultType({ arch, accelerator, flash }: Pick<MachineSpec, 'arch' | 'accelerator'> & Pick<MachinePlan, 'flash'>): string {
  // KVM has the interrupt controller of this machine only
  if (arch === 'aarch64') return accelerator === 'kvm' ? 'virt,gic-version=max' : 'virt'
  return flash === undefined ? 'pc' : 'q35'
}

function userNic(options: QemuOptions): NicSpec {
  const { nic = {}, forwards = [], communicator, ssh = {}, winrm } = options
  const { model = 'virtio-net-pci', mac, isolated = false } = nic
  const guest = winrm === undefined ? (ssh.port ?? 22) : winrmGuestPort(winrm)
  const isForwarded = communicator !== 'none' && (winrm ?? ssh).host === undefined
  // the system chooses a port that is free, in one step with taking it
  const own: readonly ForwardSpec[] = isForwarded ? [{ protocol: 'tcp', bind: '127.0.0.1', host: 0, guest }] : []
  const others = forwards.map(({ protocol = 'tcp', bind = '127.0.0.1', ...ports }) => ({ protocol, bind, ...ports }))
  return { model, ...(mac !== undefined && { mac }), network: { type: 'user', forwards: [...own, ...others], isolated } }
}

function bridgeNics({ extraNics = [] }: QemuOptions): readonly NicSpec[] {
  return extraNics.map(({ bridge, model = 'virtio-net-pci', mac }) => ({
    model,
    ...(mac !== undefined && { mac }),
    network: { type: 'bridge', name: bridge },
  }))
}

function vncOption(vnc: QemuOptions['vnc']): string | undefined {
  if (vnc === undefined || vnc === false) return undefined
  const { bind = '127.0.0.1', port, password } = vnc === true ? {} : vnc
  const place = port === undefined ? `${bind}:0,to=999` : `${bind}:${port - 5900}`
  return password === undefined ? place : `${place},password=on`
}
