import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hostBinaries, scratch } from '../src/index.ts'
import { archiveContent } from './archive-content.ts'
import { checkBuilt, buildImage, needs, output, runProgram, temporaryFolder, whyNoNamespaces, whyNotRoot } from './bench.ts'

checkBuilt()

const from = hostBinaries({ commands: ['sh', 'cat', 'dd', 'ln', 'mkdir', 'mv', 'rm', 'rmdir', 'touch'] })

async function provision(machine: Communicator): Promise<void> {
  const { stderr } = await output(
    machine,
    `set -e; mkdir -p /a/b; echo x >/a/b/file; ln /a/b/file /a/link; rm /etc/group; mv /etc/passwd /etc/moved
    echo more >>/etc/resolv.conf; mkdir /gone; rmdir /gone; rm -r /root; mkdir /root; : >>/usr/bin/cat`,
  )
  expect(stderr).toBe('')
}

const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))
describe.skipIf(skip)(`a machine with limits${why}`, () => {
  let folder: string
  beforeAll(async () => {
    folder = await temporaryFolder()
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('finds changes by comparison where there is no overlay, and makes the same image', async () => {
    const place = join(folder, 'no-overlay')
    for (const name of ['lower', 'upper', 'work', 'merged']) await mkdir(join(place, name), { recursive: true })
    const layers = `lowerdir=${place}/lower,upperdir=${place}/upper,workdir=${place}/work`
    await runProgram('mount', '-t', 'overlay', 'overlay', '-o', layers, join(place, 'merged')) // no upper directory of another overlay
    try {
      const compared = await buildImage(join(place, 'merged'), { from }, provision)
      expect(compared.messages.join('\n')).toContain('comparing')
      const layered = await buildImage(folder, { from, output: 'layered.tar' }, provision)
      expect(layered.messages.join('\n')).not.toContain('comparing')
      const content = await archiveContent(compared.path)
      expect(content.layers[1]).toEqual([
        'd 0755 0:0 a',
        'd 0755 0:0 a/b',
        '- 0644 0:0 a/b/file',
        'h 0644 0:0 a/link -> a/b/file',
        'd 0755 0:0 etc',
        '- 0644 0:0 etc/.wh.group',
        '- 0644 0:0 etc/moved',
        '- 0644 0:0 etc/.wh.passwd',
        'd 0755 0:0 root',
      ])
      expect(content.layers).toEqual((await archiveContent(layered.path)).layers)
      expect(compared.artifact.digest).toBe(layered.artifact.digest)
    } finally {
      await runProgram('umount', join(place, 'merged'))
    }
  })

  describe('with a full disk', () => {
    let small: string
    beforeAll(async () => {
      small = join(folder, 'small')
      await mkdir(small)
      await runProgram('mount', '-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small)
    })
    afterAll(async () => void (await runProgram('umount', small)))

    const upload = (megabytes: number) => async (machine: Communicator) => {
      await writeFile(join(folder, 'large'), Buffer.alloc(megabytes << 20, 'x'))
      await machine.upload({ path: join(folder, 'large') }, '/large')
    }

    it('says so when the root fills it', async () => {
      await expect(buildImage(small, { from: scratch() }, upload(14))).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect((await runProgram('find', small, '-type', 'f')).trim()).toBe('')
    })

    it('says so when a layer fills it', async () => {
      await expect(buildImage(small, { from: scratch(), compression: 'none' }, upload(9))).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect((await runProgram('find', small, '-type', 'f')).trim()).toBe('')
    })

    it('says so when the image fills it, and leaves no half', async () => {
      const elsewhere = join(folder, 'elsewhere')
      await mkdir(elsewhere)
      const options = { from: scratch(), compression: 'none', output: join(small, 'image.tar') } as const
      await expect(buildImage(elsewhere, options, upload(14))).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect((await runProgram('find', small, '-type', 'f')).trim()).toBe('')
    })
  })
})
