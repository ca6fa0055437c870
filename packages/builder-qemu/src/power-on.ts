import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { BuildContext, Facts, StepContext } from '@imago/core'
import { reveal } from '@imago/core'
import { SerialConsole } from '@imago/hypervisor'

import type { Accelerator } from './accelerator.ts'
import { acceleratorOf } from './accelerator-of.ts'
import { loadMemory } from './freeze-machine.ts'
import { hasTpm } from './has-tpm.ts'
import type { WorkingDisk } from './machine-disks.ts'
import { firmwareFiles, makeFlash } from './machine-firmware.ts'
import { machineSpec } from './machine-plan.ts'
import { machineFolder, qemuMachine } from './machine-resource.ts'
import type { QemuOptions } from './qemu-options.ts'
import type { RunningMachine } from './running-machine.ts'
import { runTool, swtpmHint } from './run-tool.ts'
import { attachMachine, launchMachine } from './start-machine.ts'
import type { RestoredSnapshot } from './snapshots.ts'
import { systemProgram } from './system-program.ts'

/** What the machine is made of, beside its options. */
export interface MachineMaterial {
  readonly disks: readonly WorkingDisk[]
  /** ISO images, the one to boot from first. */
  readonly cds: readonly string[]
  readonly floppy: string | undefined
  readonly facts: Facts
  /** The snapshot that the disks are from. @default the machine starts for the first time */
  readonly restored?: RestoredSnapshot | undefined
}

/** A machine that runs. */
export interface PoweredMachine {
  readonly name: string
  readonly machine: RunningMachine
  readonly serial: SerialConsole
  /** The variables of its UEFI firmware. */
  readonly nvram: string | undefined
}

/** Makes the machine and turns it on. It is one of the build's resources. */
export async function powerOn(
  options: QemuOptions,
  material: MachineMaterial,
  { ctx, step }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<PoweredMachine> {
  const { workDirectory, directory } = ctx
  await checkPrograms(options, step.signal)
  const accelerator = await chosenAccelerator(options, step)
  const firmware = await firmwareFiles(options, directory)
  const { restored } = material
  const flash = firmware === undefined ? undefined : await makeFlash({ ...firmware, vars: restored?.nvram ?? firmware.vars }, workDirectory)
  const spec = machineSpec(options, { ...material, accelerator, flash, isIncoming: restored?.memory !== undefined }, ctx)
  const tpmState = hasTpm(options) ? await makeFolder(join(workDirectory, 'tpm')) : undefined
  const folder = machineFolder(spec.name)
  const serial = new SerialConsole()
  const { value: launched } = await ctx.resources.acquire({
    kind: qemuMachine,
    name: spec.name,
    data: { folder },
    create: (signal) => launchMachine({ program: systemProgram(options), spec, folder, labels: ctx.labels, tpmState, signal }),
    id: ({ process }) => String(process.pid),
  })
  const machine = await attachMachine(launched, serial, step.signal)
  try {
    if (spec.vnc !== undefined) await showVnc(machine, options.vnc, { ctx, step })
    if (restored?.memory !== undefined) await loadMemory(machine.monitor, restored.memory, step.signal)
    await machine.powerOn(step.signal)
    return { name: spec.name, machine, serial, nvram: flash?.vars }
  } catch (error) {
    machine.close()
    throw error
  }
}

/** @throws ImagoError `TOOL_MISSING` */
async function checkPrograms(options: QemuOptions, signal: AbortSignal): Promise<void> {
  await runTool([systemProgram(options), '--version'], { signal })
  if (hasTpm(options)) await runTool(['swtpm', '--version'], { signal, hint: swtpmHint })
}

async function chosenAccelerator(options: QemuOptions, { signal, emit }: StepContext): Promise<Accelerator> {
  const { accelerator, because } = await acceleratorOf(options, signal)
  const why = because === undefined ? '' : `; ${because}`
  if ((options.accelerator ?? 'auto') === 'auto') emit({ type: 'message', level: 'info', text: `accelerator: ${accelerator}${why}` })
  return accelerator
}

async function showVnc(
  machine: RunningMachine,
  vnc: QemuOptions['vnc'],
  { ctx, step: { emit, signal } }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<void> {
  const password = typeof vnc === 'object' && vnc.password !== undefined ? reveal(vnc.password) : undefined
  if (password !== undefined) {
    ctx.maskSecret(password)
    await machine.setVncPassword(password, signal)
  }
  emit({ type: 'message', level: 'info', text: `the screen can be seen with VNC at ${await machine.vncAddress(signal)}` })
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  return path
}
