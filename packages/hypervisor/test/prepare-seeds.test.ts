import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Emit, Facts } from '@imago/core'
import { secret } from '@imago/core'
import { describe, expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { SeedContext, Seeds, VmOptions } from '../src/index.ts'
import { noCloudFiles, prepareSeeds } from '../src/index.ts'
import { patient, temporaryFolder } from './folder.ts'

const facts: Facts = { buildName: 'vm', builderType: 'qemu', runId: 'run1', image: 'cow' }

interface Bench {
  readonly workDirectory: string
  readonly masked: string[]
  readonly said: Parameters<Emit>[0][]
  readonly prepare: (options: VmOptions, overrides?: Partial<SeedContext>) => Promise<Seeds>
}

async function bench(): Promise<Bench> {
  const directory = await temporaryFolder()
  const workDirectory = join(directory, 'work')
  await mkdir(workDirectory)
  await mkdir(join(directory, 'http'))
  await writeFile(join(directory, 'http/ks.cfg'), 'install')
  const masked: string[] = []
  const said: Bench['said'] = []
  const ctx: SeedContext = {
    facts,
    directory,
    workDirectory,
    signal: patient,
    emit: (event) => void said.push(event),
    maskSecret: (value) => void masked.push(value),
  }
  const prepare: Bench['prepare'] = async (options, overrides = {}) => {
    const seeds = await prepareSeeds(options, { ...ctx, ...overrides })
    onTestFinished(() => seeds[Symbol.asyncDispose]())
    return seeds
  }
  return { workDirectory, masked, said, prepare }
}

/** A file of a CD image. */
function read(image: string, path: string): string {
  const out = `${image}.out`
  execFileSync('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', path, out], { stdio: 'ignore' })
  const text = execFileSync('cat', [out], { encoding: 'utf8' })
  execFileSync('rm', ['-f', out])
  return text
}

test('without seeds there is nothing', async () => {
  const { workDirectory, prepare } = await bench()
  const seeds = await prepare({})
  expect(seeds.facts).toEqual(facts)
  expect(seeds.cdImages).toEqual([])
  expect(seeds.floppyImage).toBeUndefined()
  expect(seeds.summary()).toBeUndefined()
  expect(await readdir(workDirectory)).toEqual([])
})

test('the server is known to the texts that it serves, and to the boot command', async () => {
  const { masked, said, prepare } = await bench()
  const content = {
    'preseed.cfg': ({ httpUrl, image }: Facts) => `${image} ${httpUrl ?? ''}`,
    'secret.txt': secret('pass1234'),
    'computed.txt': () => secret('word5678'),
  }
  const seeds = await prepare({ http: { directory: 'http', content } })
  const { httpUrl = '' } = seeds.facts
  const get = async (path: string): Promise<string> => await (await fetch(`${httpUrl}/${path}`)).text()
  expect(await get('preseed.cfg')).toBe(`cow ${httpUrl}`)
  expect(await get('ks.cfg')).toBe('install')
  expect(await get('secret.txt')).toBe('pass1234')
  expect(masked).toEqual(['pass1234', 'word5678'])
  const requests = ['preseed.cfg', 'ks.cfg', 'secret.txt'].map((path) => ({
    type: 'message',
    level: 'debug',
    text: `the guest asked for GET ${path}: 200`,
  }))
  await expect.poll(() => said).toEqual(expect.arrayContaining(requests))
  for (const path of ['preseed.cfg', 'ks.cfg', 'secret.txt']) expect(seeds.summary()).toContain(`'${path}'`)
})

test('a function that fails leaves no server', async () => {
  const { prepare } = await bench()
  let url = ''
  const content = {
    a: ({ httpUrl = '' }: Facts): string => {
      url = httpUrl
      throw new Error('no idea')
    },
  }
  await expect(prepare({ http: { content } })).rejects.toThrow('no idea')
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

const skipped = reasonToSkip({ xorriso: 'xorriso -version' })

describe.skipIf(skipped !== '')(`media${skipped}`, () => {
  test('CDs and the floppy are made in the folder of the build', async () => {
    const { workDirectory, prepare } = await bench()
    const seeds = await prepare({
      http: { content: { a: 'a' } },
      cd: { files: ['http/ks.cfg'], content: { 'url.txt': ({ httpUrl }) => httpUrl ?? '' }, label: 'MINE' },
      floppy: { files: ['http'] },
      cloudInit: { userData: '#!/bin/sh\necho hello\n' },
    })
    expect(seeds.cdImages).toEqual([join(workDirectory, 'cloud-init.iso'), join(workDirectory, 'cd.iso')])
    expect(seeds.floppyImage).toBe(join(workDirectory, 'floppy.img'))
    const [cloudInit = '', cd = ''] = seeds.cdImages
    expect(read(cloudInit, '/user-data')).toBe('#!/bin/sh\necho hello\n')
    expect(JSON.parse(read(cloudInit, '/meta-data'))).toEqual({ 'instance-id': 'imago-run1-cow-vm', 'local-hostname': 'vm' })
    expect(read(cd, '/url.txt')).toBe(seeds.facts.httpUrl)
    expect(read(cd, '/ks.cfg')).toBe('install')
    expect((await readdir(workDirectory)).toSorted()).toEqual(['cd.iso', 'cloud-init.iso', 'floppy.img'])
  })

  test('cloud-init gets the key of the build, and what the user says of the machine', async () => {
    const { masked, prepare } = await bench()
    const seeds = await prepare(
      {
        cloudInit: {
          userData: ({ sshPublicKey }) => ({
            password: secret('word5678'),
            users: [{ name: 'me', ssh_authorized_keys: [String(sshPublicKey)] }],
          }),
          metaData: { 'local-hostname': 'cow' },
          networkConfig: () => ({ version: 2 }),
        },
      },
      { publicKey: 'ssh-ed25519 AAAA imago' },
    )
    const [image = ''] = seeds.cdImages
    expect(seeds.facts).toEqual({ ...facts, sshPublicKey: 'ssh-ed25519 AAAA imago' })
    expect(JSON.parse(read(image, '/user-data').replace('#cloud-config\n', ''))).toEqual({
      password: 'word5678',
      users: [{ name: 'me', ssh_authorized_keys: ['ssh-ed25519 AAAA imago'] }],
    })
    expect(JSON.parse(read(image, '/meta-data'))).toEqual({
      'instance-id': 'imago-run1-cow-vm',
      'local-hostname': 'cow',
      'public-keys': ['ssh-ed25519 AAAA imago'],
    })
    expect(JSON.parse(read(image, '/network-config'))).toEqual({ version: 2 })
    expect(masked).toEqual(['word5678'])
  })

  test('when one cannot be made, the server ends', async () => {
    const { prepare } = await bench()
    let url = ''
    const content = {
      a: ({ httpUrl = '' }: Facts): string => {
        url = httpUrl
        return 'a'
      },
    }
    await expect(prepare({ http: { content }, cd: { files: ['nowhere'] } })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })
})

test('NoCloud files for a server of the user: text stays, objects become YAML, vendor-data is there', () => {
  expect(noCloudFiles({ userData: secret('#!/bin/sh'), metaData: 'instance-id: 1', networkConfig: 'version: 2' })).toEqual({
    'user-data': '#!/bin/sh',
    'meta-data': 'instance-id: 1',
    'network-config': 'version: 2',
    'vendor-data': '',
  })
})
