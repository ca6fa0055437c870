import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { Ec2Emulator } from '@imago/ec2-emulator'
import { expect, test } from 'vitest'

import { commandLine, imagoFile } from './command-line.ts'

/** A build with a role, a group, an instance, an image, a copy and snapshots; one that is entered has a key, too, and waits there. */
const definition = (connect: string): string => `import { amazonEbs } from '@imago/builder-amazon'
import { defineImage } from '@imago/core'
export default defineImage({
  name: 'cow',
  builders: {
    aws: amazonEbs({
      region: 'us-west-2',
      sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
      instanceType: 't3.small',
      connect: ${connect},
      launch: { instanceProfile: { policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] } } },
      ami: { name: 'cow', regions: ['eu-west-1'] },
      polling: { interval: '30ms' },
    }),
  },
})
`

interface Kill {
  /** The build is killed when it has made so many calls, and a few milliseconds later. */
  readonly calls: number
  readonly laterMs: number
  readonly isEntered: boolean
  /** Whether the journal is lost, so that only tags tell what was left. */
  readonly byTags: boolean
}

const delays = { running: 60, stopped: 60, image: 60, copy: 60, terminated: 60, release: 60 }

/** Kills a build, sweeps, and says what is left. */
async function killAndSweep({ calls, laterMs, isEntered, byTags }: Kill): Promise<readonly string[]> {
  const connect = isEntered ? "{ user: 'admin', timeout: '1m' }" : "{ communicator: 'none' }"
  return await commandLine(definition(connect), { delays }, async ({ folder, emulator, imago }) => {
    await killBuild(folder, emulator, calls, laterMs)
    if (byTags) await rm(join(folder, '.imago'), { recursive: true, force: true })
    const { stdout: said } = await imago(['sweep', ...(byTags ? ['--aws', '--region', 'us-west-2,eu-west-1'] : [])])
    // from the moment on that it is taken for finished, an image is the user's
    const isFinished = emulator.journal.calls('DeleteTags').length > 0
    return emulator
      .leftovers()
      .filter(({ kind }) => !(isFinished && (kind === 'image' || kind === 'snapshot')))
      .map(({ kind, id }) => `${kind} ${id} is left after ${calls} calls and ${laterMs} ms, sweep says: ${said}`)
  })
}

async function killBuild(cwd: string, emulator: Ec2Emulator, calls: number, laterMs: number): Promise<void> {
  const child = spawn(process.execPath, [imagoFile, 'build', '--json'], {
    cwd,
    env: { ...process.env, ...emulator.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<number | null>((done) => child.once('exit', done))
  while (emulator.journal.calls().length < calls && child.exitCode === null) await delay(1)
  await delay(laterMs)
  child.kill('SIGKILL')
  await ended
  await delay(100) // a request that was on its way
}

const random = (limit: number): number => Math.floor(Math.random() * limit)

test('kill -9 at twenty random moments, then imago sweep: nothing is left', { timeout: 180_000 }, async () => {
  const total = await commandLine(definition("{ communicator: 'none' }"), { delays }, async ({ emulator, imago }) => {
    expect((await imago(['build'])).code).toBe(0)
    return emulator.journal.calls().length
  })
  const kills = Array.from({ length: 20 }, (_, index): Kill => {
    const calls = 1 + Math.floor(((index + Math.random()) * (total - 3)) / 20)
    return { calls, laterMs: random(20), isEntered: calls < 12 && index % 2 === 0, byTags: index % 3 === 2 }
  })
  const left: string[] = []
  for (let at = 0; at < kills.length; at += 2) {
    const pair = await Promise.all(kills.slice(at, at + 2).map(killAndSweep))
    left.push(...pair.flat())
  }
  expect(left).toEqual([])
})
