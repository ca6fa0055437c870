import { defineImage } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
import { emulated } from './emulated.ts'

test('the provenance of an AMI names the one that it was made from', () =>
  emulated({}, async (aws) => {
    const builder = amazonEbs({
      region: 'us-west-2',
      sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
      instanceType: 't3.small',
      connect: { communicator: 'none' },
      ami: { name: 'cow' },
    })
    const { build } = await aws.run(defineImage({ name: 'cow', builders: { aws: builder } }), { provenance: true })
    const [source] = build.provenance?.materials ?? []
    const id = source?.digest?.['amazon-ami']
    expect(id).toMatch(/^ami-[0-9a-f]{17}$/)
    expect(build.provenance?.materials).toEqual([
      { name: expect.stringMatching(/^debian-12-amd64-/), uri: `arn:aws:ec2:us-west-2::image/${id}`, digest: { 'amazon-ami': id } },
    ])
    const made = build.artifact?.id ?? ''
    expect(build.provenance?.artifacts).toMatchObject([{ subjects: [{ name: `cow.aws:${made}`, digest: { 'amazon-ami': made } }] }])
  }))
