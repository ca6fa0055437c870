import * as ec2 from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'

import { emulated } from './emulated.ts'

test(
  'an image is built, and nothing else is left',
  emulated(async ({ client, emulator }) => {
    const { Images = [] } = await client.send(
      new ec2.DescribeImagesCommand({ Owners: ['136693071363'], Filters: [{ Name: 'name', Values: ['debian-12-amd64-*'] }] }),
    )
    expect(Images.map(({ Name }) => Name)).toEqual(['debian-12-amd64-20260914-2234', 'debian-12-amd64-20261110-2291'])
    const { KeyMaterial } = await client.send(new ec2.CreateKeyPairCommand({ KeyName: 'build', KeyType: 'ed25519' }))
    expect(KeyMaterial).toContain('OPENSSH PRIVATE KEY')
    const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'build', Description: 'a build' }))
    const { Instances } = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: Images[0]?.ImageId,
        InstanceType: 't3.small',
        KeyName: 'build',
        SecurityGroupIds: [GroupId],
        MinCount: 1,
        MaxCount: 1,
      }),
    )
    const InstanceIds = (Instances ?? []).map(({ InstanceId = '' }) => InstanceId)
    await ec2.waitUntilInstanceRunning({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { InstanceIds })
    const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId: InstanceIds[0], Name: 'cow-1' }))
    await ec2.waitUntilImageAvailable({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { ImageIds: [ImageId] })
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds }))
    await client.send(new ec2.DeleteKeyPairCommand({ KeyName: 'build' }))
    await ec2.waitUntilInstanceTerminated({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { InstanceIds })
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }))
    expect(emulator.leftovers().map(({ kind }) => kind)).toEqual(['image', 'snapshot'])
  }),
)
