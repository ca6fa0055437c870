import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import type { BuildEvent } from '@imago/core'
import { describe, expect, onTestFinished, test } from 'vitest'

import { build, imago, killBuild } from './built-in-process.ts'
import { reasonToSkip } from './requirement.ts'

const noDocker = reasonToSkip({ docker: 'docker image inspect debian:12' })
const noNamespaces = reasonToSkip({ userns: 'unshare -Ur true' })

/** Who else than root a file can be given to: in a root of a user who has no other ids, nobody. */
const others = process.getuid?.() === 0 ? '33:44' : '0:0'

/** Steps with one of everything that an image holds, each of which says that it has begun. */
const steps = [
  'mkdir -p /cow/deep && echo one > /cow/deep/file && chmod 640 /cow/deep/file',
  'ln -s deep/file /cow/link && ln /cow/deep/file /cow/again && echo two > "/cow/it has spaces"',
  `echo three > /cow/deep/other && chown ${others} /cow/deep/other && rm /cow/again`,
  'rm -r /cow/deep && mkdir /cow/deep && echo four > /cow/deep/file && chmod 4755 /cow/deep/file',
]

const builders = {
  docker: `docker({ image: 'debian:12', pull: 'never', result: { type: 'commit', repository: name } })`,
  oci: `oci({ from: hostBinaries({ commands: ['sh', 'mkdir', 'chmod', 'ln', 'chown', 'rm', 'sleep'] }), output: 'image.tar' })`,
}

interface Place {
  readonly folder: string
  /** The image's name. */
  readonly name: string
}

/** A folder with the image; `last` makes its last step another one. */
function place(builder: keyof typeof builders): Place & { readonly write: (last?: string) => void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'imago-cache-')))
  const name = `imago-cached-${process.pid}-${Date.now()}`
  onTestFinished(() => {
    execFileSync(process.execPath, [imago, 'cache', 'prune'], { cwd: folder, stdio: 'ignore' })
    rmSync(folder, { recursive: true, force: true })
    if (builder === 'docker') execFileSync('sh', ['-c', `docker image rm -f ${name} || true`], { stdio: 'ignore' })
  })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const write = (last = ''): void =>
    writeFileSync(
      join(folder, 'image.ts'),
      `import { docker } from '@imago/builder-docker'
import { hostBinaries, oci } from '@imago/builder-oci'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
const name = '${name}'
const steps = ${JSON.stringify([...steps, ...(last === '' ? [] : [last])])}
export default defineImage({
  name,
  builders: { it: ${builders[builder]} },
  provisioners: steps.map((step, index) => shell({ inline: ['echo begun ' + index, 'sleep 0.05', step] })),
})
`,
    )
  write()
  return { folder, name, write }
}

/** The steps that ran. */
function ran(events: readonly BuildEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'step-started' && event.step.kind === 'provisioner' ? [event.step.id] : []))
}

const listing = `find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \\) -prune \
-o -type d -printf '%y %m %U:%G %p\\n' -o -printf '%y %m %U:%G %n %p %l\\n' | sort; find /cow -type f -exec sha256sum {} + | sort`

/** All that tells one image from another. */
function content(builder: keyof typeof builders, { folder, name }: Place): string {
  if (builder === 'oci')
    return createHash('sha256')
      .update(readFileSync(join(folder, 'image.tar')))
      .digest('hex')
  return execFileSync('docker', ['run', '--rm', '--network', 'none', name, 'sh', '-c', listing], { encoding: 'utf8' })
}

describe.each([
  ['docker', noDocker],
  ['oci', noNamespaces],
] as const)('%s', (builder, skipped) => {
  test.skipIf(skipped !== '')(
    `killed in each step and after each, the image is the same in the end${skipped}`,
    { timeout: 180_000 },
    async () => {
      const here = place(builder)
      await build(here.folder, ['--no-cache'])
      const undisturbed = content(builder, here)
      for (const [index] of steps.entries()) {
        await killBuild(here.folder, (event) => event.type === 'output' && event.text.includes(`begun ${index}`))
        await killBuild(here.folder, (event) => event.type === 'step-finished' && event.step.id === `provisioners[${index}]`)
      }
      execFileSync(process.execPath, [imago, 'sweep'], { cwd: here.folder, stdio: 'ignore' })
      const events = await build(here.folder)
      expect(ran(events).length).toBeLessThanOrEqual(1)
      expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'succeeded' })
      expect(content(builder, here)).toBe(undisturbed)
    },
  )

  test.skipIf(skipped !== '')(`runs only the step that has changed, and nothing when none has${skipped}`, { timeout: 60_000 }, async () => {
    const here = place(builder)
    here.write('echo last > /cow/last')
    expect(ran(await build(here.folder)).length).toBe(steps.length + 1)
    here.write('echo other > /cow/last')
    expect(ran(await build(here.folder))).toEqual([`provisioners[${steps.length}]`])
    const again = await build(here.folder)
    expect(ran(again)).toEqual([])
    expect(again.find((event) => event.type === 'build-finished')).toMatchObject({ upToDate: true })
    expect(again.some((event) => event.type === 'resource-acquired')).toBe(false)
  })

  test.skipIf(skipped !== '')(`many runs at once make each step once${skipped}`, { timeout: 120_000 }, async () => {
    const here = place(builder)
    const runs = await Promise.all(Array.from({ length: 20 }, async () => await build(here.folder)))
    expect(runs.flatMap(ran).toSorted()).toEqual(steps.map((_, index) => `provisioners[${index}]`))
    expect(runs.filter((events) => events.some((event) => event.type === 'build-finished' && event.upToDate !== true)).length).toBe(1)
  })
})
