import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Artifact, BuildEvent, BuildReport, Image, RunOptions } from '@imago/core'
import { run } from '@imago/core'
import type { Ec2Emulator, Ec2EmulatorOptions, JournalEntry } from '@imago/ec2-emulator'
import { startEc2Emulator } from '@imago/ec2-emulator'
import { expect, vi } from 'vitest'

import { creations, untagged } from './journal-rules.ts'

/** An emulator that this process takes for AWS, and a folder for a definition. */
export interface Emulated {
  readonly emulator: Ec2Emulator
  readonly directory: string
  readonly stateDirectory: string
  /** Runs all builds of an image. Whatever comes of it, the journal is held against the rules that every run keeps. */
  run(image: Image, options?: RunOptions): Promise<EmulatedRun>
  /** Says that an artifact is the user's: it must be there when the test ends. Those of `run` are known. */
  keeps(artifact: Artifact | undefined): void
  /** Says that an artifact has been removed. */
  removed(artifact: Artifact | undefined): void
}

/** What came of a run. */
export interface EmulatedRun {
  readonly builds: readonly BuildReport[]
  readonly events: readonly BuildEvent[]
  /** The calls of this run. */
  readonly calls: readonly JournalEntry[]
  /** The first build. */
  readonly build: BuildReport
}

/** The id of a key of KMS that is in every region, where a test does not say which are. */
export const keyId = '0a1b2c3d-0000-4000-8000-000000000000'

/** How to emulate AWS for a test. */
export interface EmulatedOptions extends Ec2EmulatorOptions {
  /** Whether the test leaves more than the artifacts of its builds, and looks at it by itself. @default false */
  readonly leavesMore?: boolean
}

/**
 * Does something with an emulator, then ends it and puts the environment back. When the test ends, nothing may be left but what its builds
 * have made, and all of that must be there.
 */
export async function emulated({ leavesMore = false, ...options }: EmulatedOptions, work: (aws: Emulated) => Promise<void>): Promise<void> {
  const emulator = await startEc2Emulator({ keys: [{ id: keyId }], ...options })
  const directory = await mkdtemp(join(tmpdir(), 'imago-amazon-'))
  const before = Object.keys(emulator.env).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, emulator.env)
  const made = new Set<string>()
  try {
    await work(emulatedAt(emulator, directory, made))
    if (!leavesMore) expect(unexpected(emulator, made)).toEqual([])
    expect(untagged(emulator.journal.calls().filter(({ userAgent }) => userAgent.includes('imago/')))).toEqual([])
  } finally {
    vi.unstubAllEnvs() // it puts back what was there when the test began, which is the emulator's
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await emulator[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
}

/** What is left that is nobody's, and what is gone that was made. */
function unexpected(emulator: Ec2Emulator, made: ReadonlySet<string>): readonly string[] {
  const left = emulator.leftovers()
  const strange = left.filter(({ id }) => !made.has(id)).map(({ kind, id, region }) => `${kind} ${id} is left in ${region}`)
  const missing = [...made].filter((id) => !left.some((each) => each.id === id)).map((id) => `${id} is gone`)
  return [...strange, ...missing]
}

function emulatedAt(emulator: Ec2Emulator, directory: string, made: Set<string>): Emulated {
  const stateDirectory = join(directory, '.imago')
  const keeps = (artifact: Artifact | undefined): void => {
    for (const id of idsOf(artifact)) made.add(id)
  }
  return {
    emulator,
    directory,
    stateDirectory,
    keeps,
    removed: (artifact) => {
      for (const id of idsOf(artifact)) made.delete(id)
    },
    async run(image, options = {}) {
      const events: BuildEvent[] = []
      const earlier = emulator.journal.calls().length
      const report = await run([image], {
        directory,
        stateDirectory,
        ...options,
        onEvent: (event) => {
          events.push(event)
          options.onEvent?.(event)
        },
      })
      const calls = emulator.journal.calls().slice(earlier)
      const [build] = report.builds
      if (build === undefined) throw new Error('nothing was built')
      for (const { status, artifact } of report.builds) if (status === 'succeeded') keeps(artifact)
      if (report.builds.every(isWrong)) expect(creations(calls).map(({ operation }) => operation)).toEqual([])
      return { builds: report.builds, events, calls, build }
    },
  }
}

/** Whether a build ended because its definition is wrong: nothing may have been created for it. */
function isWrong({ error }: BuildReport): boolean {
  return error !== undefined && ['DEFINITION_INVALID', 'IMAGE_NOT_FOUND', 'TOOL_MISSING', 'UNSUPPORTED'].includes(error.code)
}

/** The ids of what an artifact consists of. */
function idsOf(artifact: Artifact | undefined): readonly string[] {
  return artifact === undefined ? [] : (JSON.stringify(artifact).match(/(?<!import-)\b(?:ami|snap|vol)-[0-9a-f]{17}\b/g) ?? [])
}

/** What is left of a kind, and of all kinds but images and their snapshots. */
export function strays({ emulator }: Emulated): readonly string[] {
  return emulator
    .leftovers()
    .filter(({ kind }) => kind !== 'image' && kind !== 'snapshot')
    .map(({ kind, id }) => `${kind} ${id}`)
}
