import type { Artifact } from '@imago/core'
import { defineImage, validate } from '@imago/core'
import { fakeBuilder, postProcessContext } from '@imago/testing'
import { describe, expect, test } from 'vitest'

import type { VagrantOptions } from './index.ts'
import { vagrant } from './index.ts'

describe('validation', () => {
  const messages = (options: VagrantOptions): string[] =>
    (vagrant(options).validate?.() ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

  test.each<[VagrantOptions]>([
    [{}],
    [{ output: 'a.box', provider: 'libvirt', architecture: 'riscv64', compressionLevel: 0, threads: 3 }],
    [{ vagrantfile: { content: '' }, include: ['a/info.json', 'b/logo.png'] }],
    [{ catalogue: { path: 'a.json', version: '1.2.0.beta3', boxName: 'daisy/cow', url: 'https://x/a.box', description: '' } }],
    [{ catalogue: { path: 'a.json', version: ({ runId }) => `1.${runId}` }, include: () => ['a'] }],
  ])('%j is right', (options) => {
    expect(messages(options)).toEqual([])
  })

  test.each<[VagrantOptions, string[]]>([
    [{ output: '' }, ['output: must not be empty, not ""']],
    [{ compressionLevel: 10, threads: 0 }, ['compressionLevel: must be 0 to 9, not 10', 'threads: must be 1 or more, not 0']],
    [
      { catalogue: { path: '', version: 'v1' } },
      ['catalogue.path: must not be empty, not ""', `catalogue.version: must be a version such as '1.2.0', not "v1"`],
    ],
    [
      { include: ['x/Vagrantfile', 'a.txt', 'b/a.txt', 'metadata.json'] },
      [
        "include.0: every box has a 'Vagrantfile' of its own",
        "include.2: 'a.txt' is included twice",
        "include.3: every box has a 'metadata.json' of its own",
      ],
    ],
  ])('%j is wrong', (options, expected) => {
    expect(messages(options)).toEqual(expected)
  })

  test('values that come from data', () => {
    const data: object = JSON.parse('{"output":5,"provider":"vmware","include":"a","catalog":{},"vagrantfile":{"path":"a","content":"b"}}')
    expect(
      vagrant(data)
        .validate?.()
        .map(({ path, message, hint }) => [path.join('.'), message, hint]),
    ).toEqual([
      ['output', 'must be a string, not 5', undefined],
      ['provider', `must be 'virtualbox' or 'libvirt' or 'docker' or 'aws', not "vmware"`, undefined],
      ['vagrantfile', `must have either 'path' or 'content', not {"path":"a","content":"b"}`, undefined],
      ['include', 'must be an array, not "a"', undefined],
      ['catalog', "unknown option 'catalog'", "did you mean 'catalogue'?"],
    ])
  })

  test('an artifact that no box is made of, and files that are not there, are told before anything starts', async () => {
    const image = defineImage({
      name: 'cow',
      builders: { a: fakeBuilder() },
      postProcessors: [vagrant({ include: ['missing.txt'], vagrantfile: { path: 'missing.rb' } }) as never], // the compiler would tell
    })
    const issues = (await validate(image, { directory: '/' })).map(({ message }) => message)
    expect(issues).toEqual([
      expect.stringMatching(/^'vagrant' cannot take what builder 'a' makes \(/),
      expect.stringContaining("'missing.rb'"),
      expect.stringContaining("'missing.txt'"),
    ])
  })
})

test('it names what it reads and writes, as far as that is known beforehand', () => {
  const known = vagrant({ output: 'a.box', catalogue: { path: 'a.json', version: '1' }, include: ['b'], vagrantfile: { path: 'c' } })
  expect(known.inputs?.()).toEqual([
    { path: 'c', at: ['vagrantfile', 'path'], kind: 'file' },
    { path: 'b', at: ['include', 0], kind: 'file' },
  ])
  expect(known.outputs?.()).toEqual([
    { path: 'a.box', at: ['output'] },
    { path: 'a.json', at: ['catalogue', 'path'], shared: true },
  ])
  const later = vagrant({ output: () => 'a.box', include: () => ['b'], vagrantfile: { path: () => 'c' } })
  expect([later.inputs?.(), later.outputs?.()]).toEqual([[], []])
})

test('common options are apart from its own, and say what it takes', () => {
  const step = vagrant({ output: 'a.box', only: ['vm'], timeout: '5m', keepInputArtifact: false })
  expect(step).toMatchObject({ only: ['vm'], timeout: '5m', keepInputArtifact: false, input: 'kept', title: 'a.box' })
  expect(step.options).toEqual({ output: 'a.box' })
  expect(step.takes).toContain('qemu-disk')
  expect(vagrant({ provider: 'libvirt' }).takes).toBe('files')
  expect(vagrant({ provider: 'docker' }).takes).toEqual(['docker-image', 'docker-rootfs', 'qemu-rootfs', 'virtualbox-rootfs'])
})

test.each<[string, VagrantOptions, Artifact, string]>([
  ['of no provider', {}, { type: 'ami', id: 'ami-1' }, "no box can be made of 'ami-1' (ami)"],
  ['without files', { provider: 'libvirt' }, { type: 'ami', id: 'ami-1' }, "'ami-1' (ami) has no files to put into a box"],
  [
    'with none that fits',
    { provider: 'virtualbox' },
    { type: 'files', id: 'x', files: [{ path: '/etc/passwd', size: 1 }] },
    "'x' has no OVA and no OVF, which boxes for virtualbox are made of",
  ],
  [
    'that is no disk',
    { provider: 'libvirt' },
    { type: 'files', id: 'x', files: [{ path: '/etc/passwd', size: 1 }] },
    "'/etc/passwd' is no disk image in qcow2, which boxes for libvirt are made of",
  ],
])('an artifact %s is an error', async (_, options, input, message) => {
  // as it comes from data, the compiler does not look at it
  const step: { process(input: Artifact, ctx: ReturnType<typeof postProcessContext>): Promise<Artifact> } = vagrant(options)
  await expect(step.process(input, postProcessContext())).rejects.toMatchObject({ code: 'UNSUPPORTED', message })
})
