import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { sweep } from '@imago/core'
import { beforeAll, describe, expect, test } from 'vitest'

import { build, killBuild } from '../../../test/built-in-process.ts'
import { plugin } from '../src/index.ts'
import { guestDisk, guestProject, makingMs, skipped, temporaryFolder } from './guest.ts'

/** Steps with one of everything that a file system holds, each of which says that it has begun. */
const steps = [
  'mkdir -p /srv/deep; echo one >/srv/deep/file; chmod 640 /srv/deep/file; ln /srv/deep/file /srv/again; ln -s deep/file /srv/link',
  'echo two >>/srv/deep/file; chown 33:44 /srv/link /srv/deep; rm /srv/again; echo "with spaces" >"/srv/a b"; chmod 4755 "/srv/a b"',
]

describe.skipIf(skipped !== '')(`kill -9, then another build${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  const project = (): Promise<string> =>
    guestProject({
      options: `result: { format: 'rootfs', path: 'out/files.tar', exclude: ['/usr', '/boot', '/var'] }`,
      provisioners: `${JSON.stringify(steps)}.map((step, index) => shell({ inline: ['echo begun ' + index, 'sleep 0.1', step] }))`,
    })

  test('goes on from the last step, and the image is the same in the end', { timeout: 400_000 }, async () => {
    const [undisturbed, disturbed] = [await project(), await project()]
    await build(undisturbed)
    for (const index of steps.keys()) {
      await killBuild(disturbed, (event) => event.type === 'output' && event.text.includes(`begun ${index}`))
      await killBuild(disturbed, (event) => event.type === 'step-finished' && event.step.id === `provisioners[${index}]`)
    }
    const swept = await sweep({ stateDirectory: join(disturbed, '.imago'), plugins: [plugin] })
    expect(swept.map(({ outcome, error }) => error ?? outcome).filter((outcome) => outcome !== 'removed')).toEqual([])
    const ran = (await build(disturbed)).flatMap((event) =>
      event.type === 'step-started' && event.step.kind === 'provisioner' ? [event.step.id] : [],
    )
    expect(ran.length).toBeLessThanOrEqual(1)
    expect(await filesOf(disturbed)).toEqual(await filesOf(undisturbed))
  })
})

/** What tells one file from another: type, mode, owner, links and content. */
async function filesOf(directory: string): Promise<readonly string[]> {
  const folder = await temporaryFolder()
  execFileSync('tar', ['-xpf', join(directory, 'out/files.tar'), '--numeric-owner', '-C', folder])
  const listing = `find . -printf '%y %m %U:%G %p %l\\n'; find . -type f -exec sha256sum {} +`
  const lines = execFileSync('sh', ['-c', listing], { cwd: folder, encoding: 'utf8' }).trimEnd().split('\n')
  return lines.toSorted()
}
