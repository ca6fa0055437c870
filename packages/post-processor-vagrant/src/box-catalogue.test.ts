import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

import type { PostProcessContext } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { EnteredBox } from './box-catalogue.ts'
import { checkCatalogue, enterBox } from './box-catalogue.ts'
import type { CatalogueOptions } from './vagrant.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-catalogue-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const vm: EnteredBox = { provider: 'libvirt', architecture: 'amd64', file: { path: '/srv/my cow.box', size: 3, sha256: 'abc' } }

async function enter(box: EnteredBox, options: Partial<CatalogueOptions> = {}, context: Partial<PostProcessContext> = {}): Promise<void> {
  const ctx = postProcessContext({ directory, image: 'cow', ...context })
  await enterBox({ path: 'cow.json', version: '1.0', ...options }, box, ctx)
}

async function catalogue(): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, 'cow.json'), 'utf8'))
}

test('a box is entered with its digest and where it is', async () => {
  await enter(vm, { description: 'It moos.' })
  expect(await readFile(join(directory, 'cow.json'), 'utf8')).toBe(`{
  "name": "cow",
  "description": "It moos.",
  "versions": [
    {
      "version": "1.0",
      "providers": [
        {
          "name": "libvirt",
          "url": "file:///srv/my%20cow.box",
          "checksum_type": "sha256",
          "checksum": "abc",
          "architecture": "amd64",
          "default_architecture": true
        }
      ]
    }
  ]
}
`)
})

test('made again, a box replaces itself, and nothing else', async () => {
  const written = {
    name: 'daisy/cow',
    short_description: 'of somebody else',
    versions: [
      { version: '0.9', status: 'active', providers: [{ name: 'libvirt', url: 'https://x/0.9.box' }] },
      { version: '1.0', providers: [{ name: 'libvirt', url: 'https://x/1.0.box', architecture: 'amd64', hosted: false }] },
    ],
  }
  await writeFile(join(directory, 'cow.json'), JSON.stringify(written))
  const options = { boxName: 'daisy/cow', url: () => 'https://x/new.box' }
  await enter(vm, options)
  await enter({ ...vm, architecture: 'arm64' }, options)
  await enter({ provider: 'docker', file: vm.file }, { ...options, version: '1.1' })
  const entry = { name: 'libvirt', url: 'https://x/new.box', checksum_type: 'sha256', checksum: 'abc' }
  expect(await catalogue()).toEqual({
    ...written,
    versions: [
      written.versions[0],
      {
        version: '1.0',
        providers: [
          { ...entry, architecture: 'amd64', hosted: false },
          { ...entry, architecture: 'arm64', default_architecture: false },
        ],
      },
      { version: '1.1', providers: [{ ...entry, name: 'docker' }] },
    ],
  })
})

test('many builds enter their boxes at the same time; nothing but the catalogue is left', async () => {
  const architectures = Array.from({ length: 20 }, (_, index) => `a${index}`)
  await Promise.all(architectures.map((architecture) => enter({ ...vm, architecture })))
  expect(await catalogue()).toMatchObject({ versions: [{ providers: { length: 20 } }] })
  expect(await readdir(directory)).toEqual(['cow.json'])
})

test.for([
  ['not json', 'is there and is no catalogue of a box'],
  ['[]', 'is there and is no catalogue of a box'],
  ['{"name":"cow","versions":{}}', 'is there and is no catalogue of a box'],
  ['{"name":"bull","versions":[]}', "is the catalogue of the box 'bull', not of 'cow'"],
])('what is none of this box is left alone, and told before there is one: %s', async ([text = '', message]) => {
  await writeFile(join(directory, 'cow.json'), text)
  const expected = { code: 'DEFINITION_INVALID', message: expect.stringContaining(message ?? '') }
  const ctx = postProcessContext({ directory, image: 'cow' })
  await expect(checkCatalogue({ path: 'cow.json', version: '1' }, ctx)).rejects.toMatchObject(expected)
  await expect(enter(vm)).rejects.toMatchObject(expected)
  expect(await readFile(join(directory, 'cow.json'), 'utf8')).toBe(text)
  expect(await readdir(directory)).toEqual(['cow.json'])
})

test('a version that the facts made is looked at too', async () => {
  await expect(enter(vm, { version: ({ image }) => `v-${image}` })).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    message: expect.stringMatching(/^catalogue.version: must be a version such as '1.2.0', not 'v-/),
  })
})

test('a cancel ends the waiting for somebody else’s lock', async () => {
  await writeFile(join(directory, 'cow.json.lock'), `${hostname()}-elsewhere/boot/1/1 theirs`)
  await expect(enter(vm, {}, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(await readdir(directory)).toEqual(['cow.json.lock'])
})
