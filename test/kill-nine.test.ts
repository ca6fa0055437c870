import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { imago, killBuild } from './built-in-process.ts'
import { skipWithout } from './requirement.ts'

const hasDocker = (() => {
  try {
    execFileSync('docker', ['image', 'inspect', 'debian:12'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()
const skipped = skipWithout('docker', hasDocker ? undefined : 'there is no Docker engine with an image debian:12')

/** A folder with an image of ten builds that all wait for ever in the middle of a step. */
function tenBuilds(): { readonly folder: string; readonly mark: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'imago-kill-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const mark = `${process.pid}${Date.now()}`.slice(-9)
  const docker = Array.from({ length: 5 }, (_, index) => `docker${index}: docker({ image: 'debian:12', pull: 'never' })`)
  const oci = Array.from(
    { length: 5 },
    (_, index) => `oci${index}: oci({ from: hostBinaries({ commands: ['sh', 'sleep'] }), output: 'out/${index}.tar' })`,
  )
  writeFileSync(
    join(folder, 'image.ts'),
    `import { docker } from '@imago/builder-docker'
import { hostBinaries, oci } from '@imago/builder-oci'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'ten',
  builders: { ${[...docker, ...oci].join(', ')} },
  provisioners: [shell({ inline: ['echo started', 'sleep ${mark}'] })],
})
`,
  )
  return { folder, mark }
}

function containers(runId: string): string[] {
  return execFileSync('docker', ['ps', '-aq', '--filter', `label=imago.run=${runId}`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
}

/** The processes of this machine that have some text in their command lines. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
      } catch {
        return false // it has ended meanwhile
      }
    })
}

test.skipIf(skipped !== '')(
  `kill -9 in the middle of ten builds, then imago sweep: nothing is left${skipped}`,
  { timeout: 120_000 },
  async () => {
    const { folder, mark } = tenBuilds()
    const started = new Set<string>()
    const events = await killBuild(folder, (event) => {
      if (event.type === 'output' && event.text.includes('started')) started.add(event.build)
      return started.size === 10
    })
    expect(events.filter(({ type }) => type === 'build-finished')).toEqual([])
    const runId = events[0]?.runId ?? ''
    expect(containers(runId)).toHaveLength(5)

    const swept = execFileSync(process.execPath, [imago, 'sweep', '--json'], { cwd: folder, encoding: 'utf8' })
    expect(swept).toContain('removed')

    for (let tries = 0; tries < 50 && processesWith(mark).length > 0; tries++) await delay(100)
    expect(containers(runId)).toEqual([])
    expect(processesWith(mark)).toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder)
    const left = readdirSync(join(folder, '.imago'), { recursive: true, encoding: 'utf8' })
    expect(
      left.filter((path) => !/^cache(?:\/(?:builds|materials(?:\/.*)?|salt|snapshots|steps|leases|locks))?$/.test(path)).toSorted(),
    ).toEqual(['journal', 'work'])
    expect(readdirSync(folder).toSorted()).toEqual(['.imago', 'image.ts', 'node_modules'])
  },
)
