import { defineImage, preflight } from '@imago/core'
import type { Image } from '@imago/core'
import { expect, test } from 'vitest'

import { createClient } from '../src/aws/aws-sdk.ts'
import { amazonEbs, iamPolicy } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'
import { creations } from './journal-rules.ts'
import { requests } from './requests.ts'

const region = 'us-west-2'

function imageOf(options: Pick<AmazonEbsOptions, 'connect' | 'network'>): Image {
  const sourceAmi = { owners: ['136693071363'], name: 'debian-12-amd64-*' }
  const builder = amazonEbs({ region, sourceAmi, instanceType: 't3.small', polling: { interval: 10 }, ami: false, ...options })
  return defineImage({ name: 'cow', builders: { aws: builder } })
}

/** A VPC of its own, with a large private subnet and a small public one. */
async function ownVpc({ emulator }: Emulated) {
  const { signal } = new AbortController()
  const { endpoint } = emulator
  const plain = { credentials: undefined, profile: undefined, maxAttempts: 1, insecureTls: false }
  const ec2 = createClient('ec2', { ...plain, region, endpoint })
  const call = (operation: string, input: object): Promise<object> => ec2.send(operation, input, signal)
  const subnetIn = async (vpc: string, CidrBlock: string): Promise<string> => {
    const made = await call('CreateSubnet', { VpcId: vpc, CidrBlock, AvailabilityZone: 'us-west-2a' })
    return idIn(made, /subnet-\w+/)
  }
  const vpc = idIn(await call('CreateVpc', { CidrBlock: '10.0.0.0/16' }), /vpc-\w+/)
  const [inside, outside] = [await subnetIn(vpc, '10.0.0.0/20'), await subnetIn(vpc, '10.0.16.0/24')]
  await call('ModifySubnetAttribute', { SubnetId: outside, MapPublicIpOnLaunch: { Value: true } })
  emulator.journal.clear()
  return { vpc, inside, outside, giveNames: () => call('ModifyVpcAttribute', { VpcId: vpc, EnableDnsHostnames: { Value: true } }) }
}

function idIn(answer: object, pattern: RegExp): string {
  return pattern.exec(JSON.stringify(answer))?.[0] ?? ''
}

/** What a build and a preflight say of the address, before anything is created. */
async function refusalOf(aws: Emulated, image: Image): Promise<string> {
  const { build, calls } = await aws.run(image)
  expect(build.error?.code).toBe('DEFINITION_INVALID')
  expect(creations(calls)).toEqual([])
  const found = await preflight(image, { directory: aws.directory })
  expect(found.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)).toEqual([build.error?.message])
  return found[0]?.message ?? ''
}

test('an address that the instance would not have is refused before anything exists', () =>
  emulated({ leavesMore: true }, async (aws) => {
    const { vpc, inside, giveNames } = await ownVpc(aws)
    const closed = imageOf({ network: { subnet: inside }, connect: { address: 'public-ip' } })
    expect(await refusalOf(aws, closed)).toBe(`an instance in the subnet ${inside} gets no public address`)
    const named = imageOf({ network: { subnet: inside, publicIp: true }, connect: { address: 'public-dns', timeout: 1 } })
    expect(await refusalOf(aws, named)).toBe(`the VPC ${vpc} gives its instances no public names`)
    expect(iamPolicy(named).Statement.flatMap(({ Action }) => Action)).toContain('ec2:DescribeVpcAttribute')
    await giveNames()
    expect(await preflight(named, { directory: aws.directory })).toEqual([])
    const { build, calls } = await aws.run(named)
    expect(build.error?.code).not.toBe('DEFINITION_INVALID') // nobody is inside to connect to
    expect(requests(calls, 'RunInstances')).toMatchObject([{ NetworkInterfaces: [{ SubnetId: inside, AssociatePublicIpAddress: true }] }])
  }))

test('of the subnets of a VPC, one is taken that gives the address', () =>
  emulated({ leavesMore: true }, async (aws) => {
    const { vpc, inside, outside } = await ownVpc(aws)
    const subnetOf = async (address: 'public-ip' | 'private-ip'): Promise<readonly object[]> => {
      const { calls } = await aws.run(imageOf({ network: { vpc }, connect: { address, timeout: 1 } }))
      return requests(calls, 'RunInstances')
    }
    expect(await subnetOf('private-ip')).toMatchObject([{ SubnetId: inside }])
    expect(await subnetOf('public-ip')).toMatchObject([{ SubnetId: outside }])
  }))

test('the subnets of which AWS would choose are looked at, too', () =>
  emulated({}, async (aws) => {
    const network = { availabilityZone: 'us-west-2a', allowFrom: ['2001:db8::/32'] }
    expect(await refusalOf(aws, imageOf({ connect: { address: 'ipv6' }, network }))).toMatch(
      /^an instance in the subnet subnet-\w+ gets no IPv6 address$/,
    )
  }))
