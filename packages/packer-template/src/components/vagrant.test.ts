import type { Facts } from '@imago/core'
import { validate } from '@imago/core'
import { expect, test } from 'vitest'

import { load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

const qemu = { type: 'qemu', iso_url: 'https://cd.example/x.iso', iso_checksum: 'none', ssh_username: 'root', ssh_password: 'password' }
const docker = { type: 'docker', image: 'debian:12', commit: true }

function template(options: object, builder: object = qemu): object {
  return { variables: { none: '' }, builders: [builder], 'post-processors': [{ type: 'vagrant', ...options }] }
}

const facts: Facts = { buildName: 'cow', builderType: 'qemu', runId: 'r', image: 'i', provider: 'libvirt', architecture: 'amd64' }

/** Options as they are for the build, with what functions of facts make. */
async function stepOf(options: object, builder: object = qemu): Promise<{ readonly options: unknown; readonly keeps: unknown }> {
  const { image } = await load(template(options, builder))
  const step = [image.postProcessors[0]].flat()[0]
  if (step === undefined) throw new Error('no step')
  const keeps = 'keepInputArtifact' in step ? step.keepInputArtifact : undefined
  const made = JSON.stringify(step.options, (_, value: unknown) => (typeof value === 'function' ? `made: ${String(value(facts))}` : value))
  return { options: JSON.parse(made), keeps }
}

function convert(options: object): ReturnType<typeof convertTemplate> {
  return convertTemplate({ path: 't.json', text: JSON.stringify(template(options)) }, { directory: '/work' })
}

const output = 'made: packer_qemu_libvirt_amd64.box'

test.for<[options: object, expected: object]>([
  [{}, { output }],
  [{ output: 'cow-{{.Provider}}-{{.Architecture}}.box' }, { output: 'made: cow-libvirt-amd64.box' }],
  [{ output: 'out/{{build_name}}-{{.BuildName}}.box' }, { output: 'made: out/qemu-cow.box' }],
  [
    { output: 'cow.box', compression_level: 9 },
    { output: 'cow.box', compressionLevel: 9 },
  ],
  [{ compression_level: 0 }, { output, compressionLevel: 0 }],
  [{ compression_level: '0' }, { output, compressionLevel: 0 }],
  [{ compression_level: '-1' }, { output }],
  [
    { include: ['{{template_dir}}/info.json', 'b/c'], architecture: 'arm64' },
    { output, include: ['info.json', 'b/c'], architecture: 'arm64' },
  ],
  [{ vagrantfile_template: '{{template_dir}}/add.rb' }, { output, vagrantfile: { path: 'add.rb' } }],
  [
    { vagrantfile_template: 'a.rb', vagrantfile_template_generated: true },
    { output, vagrantfile: { path: 'made: a.rb' } },
  ],
  [{ provider_override: 'libvirt' }, { output, provider: 'libvirt' }],
  [
    { output: 'cow.box', compression_level: 1, override: { libvirt: { output: 'vm.box' }, docker: { compression_level: 5 } } },
    { output: 'vm.box', compressionLevel: 1 },
  ],
])('%j', async ([options, expected]) => {
  expect((await stepOf(options)).options).toEqual(expected)
})

test('disks that are in a box are removed unless the template says otherwise, an image that a box names is not', async () => {
  expect((await stepOf({})).keeps).toBe(false)
  expect((await stepOf({ keep_input_artifact: true })).keeps).toBe(true)
  expect((await stepOf({}, docker)).keeps).toBeUndefined()
})

test('a box names the images that are made at AWS', async () => {
  const ebs = {
    type: 'amazon-ebs',
    region: 'eu-west-1',
    source_ami: 'ami-0123456789abcdef0',
    instance_type: 't3.micro',
    ssh_username: 'admin',
    ami_name: 'cow',
  }
  const { options, keeps } = await stepOf({ override: { aws: { output: 'aws.box' } } }, ebs)
  expect([options, keeps]).toEqual([{ output: 'aws.box' }, undefined])
  const { image } = await load(template({}, ebs))
  expect((await validate(image, { directory: '/' })).map(({ message }) => message)).toEqual([])
})

test('a provider that there is no box for yet is told', async () => {
  const { code } = await convert({ provider_override: 'vmware' })
  expect(code).toContain(
    'there is no counterpart of \'provider_override\' yet (boxes are made for virtualbox, libvirt, docker and aws); it was: "vmware"',
  )
})

test('the TypeScript says the same', async () => {
  const options = { vagrantfile_template: 'a.rb', vagrantfile_template_generated: true, output: 'out/{{.Provider}}.box' }
  const { code } = await convert(options)
  expect(code).toContain("import { vagrant } from '@imago/post-processor-vagrant'")
  expect(code.replaceAll(/\s+/g, ' ')).toContain(
    "vagrant({ output: (facts) => `out/${String(facts.provider ?? '')}.box`, vagrantfile: { path: () => 'a.rb' }, keepInputArtifact: false, })",
  )
})
