import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import type { OciOptions } from '../src/oci-options.ts'
import { debootstrap, hostBinaries, oci, ociArchive, scratch } from '../src/index.ts'
import { archiveContent } from './archive-content.ts'
import { buildImage, checkBuilt, needs, temporaryFolder, whyNoNamespaces } from './bench.ts'

checkBuilt()
const { skip, why } = needs('userns', await whyNoNamespaces())
const linux = process.platform
let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  await mkdir(join(folder, 'site/empty'), { recursive: true })
  await writeFile(join(folder, 'site/a b'), 'hello', { mode: 0o640 })
  await symlink('a b', join(folder, 'site/link'))
})
afterAll(async () => {
  pretendToBe(linux)
  await rm(folder, { recursive: true })
})

/** This file of tests has a process of its own. */
function pretendToBe(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}

const build = async (options: OciOptions) =>
  await buildImage(folder, options, async (machine) => {
    await machine.upload({ path: join(folder, 'site') }, '/srv/site', { owner: '33:44' })
  })

it.skipIf(skip)(`makes of files the image that Linux makes${why}`, async () => {
  pretendToBe('darwin')
  const elsewhere = await build({ from: scratch(), output: 'elsewhere.tar', platform: 'linux/amd64' })
  const derived = await buildImage(folder, { from: ociArchive('elsewhere.tar'), output: 'derived.tar', cmd: ['x'] })
  pretendToBe(linux)
  const here = await build({ from: scratch(), output: 'here.tar', platform: 'linux/amd64' })
  expect((await archiveContent(elsewhere.path)).layers).toEqual([
    [
      'd 0755 0:0 srv',
      'd 0755 33:44 srv/site',
      '- 0640 33:44 srv/site/a b',
      'd 0755 33:44 srv/site/empty',
      'l 0777 33:44 srv/site/link -> a b',
    ],
  ])
  expect(elsewhere.artifact.digest).toBe(here.artifact.digest)
  const { layers, config } = await archiveContent(derived.path)
  expect([layers.length, config.config?.Cmd]).toEqual([1, ['x']])
})

it('says what needs Linux', async () => {
  pretendToBe('darwin')
  const command = buildImage(folder, { from: scratch() }, async (machine) => void (await machine.exec('true')))
  await expect(command).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'commands run in an OCI image only on Linux, and this is darwin',
    hint: expect.stringContaining("'file' steps"),
  })
  const sources = [
    { from: hostBinaries({ commands: ['sh'] }), message: 'programs of this machine do not run in an image for Linux, and this is darwin' },
    { from: debootstrap({ suite: 'bookworm' }), message: 'debootstrap runs only on Linux, and this is darwin' },
  ]
  const ctx = { directory: folder, signal: new AbortController().signal }
  for (const { from, message } of sources) {
    await expect(build({ from })).rejects.toMatchObject({ code: 'UNSUPPORTED', message })
    expect(await oci({ from }).preflight?.(ctx)).toMatchObject([{ path: ['from'], message, hint: expect.stringContaining('registry()') }])
  }
})
