import { iamPolicy } from '@imago/builder-amazon'
import { expectMachine, planOf, rehearse } from '@imago/testing'
import { expect, test } from 'vitest'

import image from './image.ts'

test('the version is written into the page, and the machine is restarted before the page is looked at', async () => {
  const server = await image.with({ version: '1.1' })
  const { machines } = await rehearse(server, { directory: import.meta.dirname })
  expectMachine(machines.aws).toHaveUploaded('/tmp/site/index.html')
  expectMachine(machines.aws).toHaveRun(/sed -i/, { env: { SITE_VERSION: '1.1' } })
  expectMachine(machines.aws).toHaveRun(/grep -q Moo/)
})

test('the AMI is in two regions', async () => {
  const server = await image.with({ region: 'us-east-1' })
  expect(planOf(server).builds[0]).toMatchObject({
    builderType: 'amazon-ebs',
    options: { region: 'us-east-1', ami: { regions: ['eu-west-1'] } },
  })
})

test('the build may not do more than it must', async () => {
  const actions = iamPolicy(await image.with({})).Statement.flatMap(({ Action }) => Action)
  expect(actions).toContain('ec2:CopyImage')
  expect(actions.filter((action) => action.startsWith('iam:'))).toEqual([])
})
