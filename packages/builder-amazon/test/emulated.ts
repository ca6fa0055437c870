import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BuildEvent, BuildReport, Image, RunOptions } from '@imago/core'
import { run } from '@imago/core'
import type { Ec2Emulator, Ec2EmulatorOptions } from '@imago/ec2-emulator'
import { startEc2Emulator } from '@imago/ec2-emulator'

/** An emulator that this process takes for AWS, and a folder for a definition. */
export interface Emulated {
  readonly emulator: Ec2Emulator
  readonly directory: string
  readonly stateDirectory: string
  /** Runs all builds of an image. */
  run(image: Image, options?: RunOptions): Promise<EmulatedRun>
}

/** What came of a run. */
export interface EmulatedRun {
  readonly builds: readonly BuildReport[]
  readonly events: readonly BuildEvent[]
  /** The first build. */
  readonly build: BuildReport
}

/** Does something with an emulator, then ends it and puts the environment back. */
export async function emulated(options: Ec2EmulatorOptions, work: (aws: Emulated) => Promise<void>): Promise<void> {
  const emulator = await startEc2Emulator(options)
  const directory = await mkdtemp(join(tmpdir(), 'imago-amazon-'))
  const before = Object.keys(emulator.env).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, emulator.env)
  try {
    await work(emulatedAt(emulator, directory))
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await emulator[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
}

function emulatedAt(emulator: Ec2Emulator, directory: string): Emulated {
  const stateDirectory = join(directory, '.imago')
  return {
    emulator,
    directory,
    stateDirectory,
    async run(image, options = {}) {
      const events: BuildEvent[] = []
      const report = await run([image], { directory, stateDirectory, onEvent: (event) => events.push(event), ...options })
      const [build] = report.builds
      if (build === undefined) throw new Error('nothing was built')
      return { builds: report.builds, events, build }
    },
  }
}

/** What is left of a kind, and of all kinds but images and their snapshots. */
export function strays({ emulator }: Emulated): readonly string[] {
  return emulator
    .leftovers()
    .filter(({ kind }) => kind !== 'image' && kind !== 'snapshot')
    .map(({ kind, id }) => `${kind} ${id}`)
}
