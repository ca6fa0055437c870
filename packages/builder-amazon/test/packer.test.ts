import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { amazonEbs } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'

const skipped = reasonToSkip({ packer: 'packer version', docker: 'docker image inspect debian:12' })

const tags = { team: 'cows', release: '12' }
const runTags = { purpose: 'build' }
const script = 'echo moo | sudo tee /etc/cow'
const filter = { name: 'debian-12-amd64-*', owner: '136693071363' }

/** What is there, with the tags that the definition gives: builds of ours add some of their own. */
const left = ({ emulator }: Emulated) =>
  emulator.leftovers().map(({ kind, region, name, tags: all }) => ({
    kind,
    region,
    name,
    tags: Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith('imago.'))),
  }))

describe.skipIf(skipped !== '')(`beside Packer${skipped}`, () => {
  test('the same AMI comes out, with the same tags, and nothing else', { timeout: 120_000 }, async () => {
    const ours: object[] = []
    await emulated({ guests: 'docker' }, async (aws) => {
      const builder = amazonEbs({
        region: 'us-west-2',
        sourceAmi: { owners: [filter.owner], name: filter.name },
        instanceType: 't3.small',
        launch: { tags: runTags },
        ami: { name: 'cow', description: 'a cow', tags, skipLaunchTags: true }, // later versions of Packer hand run tags on; 1.6.6 does not
      })
      const image = defineImage({ name: 'cow', builders: { aws: builder }, provisioners: [shell({ inline: [script] })] })
      expect((await aws.run(image)).build.error).toBeUndefined()
      ours.push(...left(aws))
    })
    await emulated({ guests: 'docker', leavesMore: true }, async (aws) => {
      await writeFile(join(aws.directory, 'template.json'), JSON.stringify(template(aws.emulator.endpoint)))
      const polling = { AWS_POLL_DELAY_SECONDS: '1', AWS_MAX_ATTEMPTS: '60' }
      const env = { ...process.env, ...aws.emulator.env, ...polling, HOME: aws.directory, CHECKPOINT_DISABLE: '1' }
      await promisify(execFile)('packer', ['build', 'template.json'], { cwd: aws.directory, env })
      expect(left(aws)).toEqual(ours)
    })
    expect(ours).toHaveLength(2)
  })
})

function template(endpoint: string): object {
  const builder = {
    type: 'amazon-ebs',
    region: 'us-west-2',
    custom_endpoint_ec2: endpoint,
    skip_region_validation: true,
    skip_metadata_api_check: true,
    source_ami_filter: { filters: { name: filter.name }, owners: [filter.owner], most_recent: true },
    instance_type: 't3.small',
    ssh_username: 'admin',
    ssh_clear_authorized_keys: true,
    run_tags: runTags,
    ami_name: 'cow',
    ami_description: 'a cow',
    tags,
  }
  return { builders: [builder], provisioners: [{ type: 'shell', inline: [script] }] }
}
