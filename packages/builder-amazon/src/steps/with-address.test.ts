import { describe, expect, test } from 'vitest'

import type { FakeAnswers } from '../../test/fake-aws.ts'
import { fakeAws, refusal } from '../../test/fake-aws.ts'
import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Network, Subnet } from './find-network.ts'
import { withAddress } from './with-address.ts'

const { signal } = new AbortController()
const subnet = (id: string, gives: Partial<Subnet['gives']>): Subnet => {
  return { id, vpcId: 'vpc-1', zone: 'eu-west-1a', free: 1, gives: { ipv4: true, publicIpv4: false, ipv6: false, ...gives } }
}
const inside = subnet('subnet-private', {})
const outside = subnet('subnet-public', { publicIpv4: true })
const dual = subnet('subnet-dual', { ipv6: true })
const sixOnly = subnet('subnet-six', { ipv4: false, ipv6: true })

type Given = Pick<InstanceOptions, 'connect' | 'network'>

function keep(places: Network['places'], options: Given, answers: FakeAnswers = {}) {
  const aws = fakeAws(answers)
  const network: Network = { vpcId: undefined, places, others: () => Promise.resolve([outside]) }
  return { aws, kept: withAddress(aws, network, { sourceAmi: 'ami-1', instanceType: 't3.small', ...options }, { signal }) }
}

const ids = async (kept: Promise<Network>): Promise<readonly (string | undefined)[]> => (await kept).places.map((place) => place?.id)

describe('places without the address are left out', () => {
  const all = [inside, outside, dual, sixOnly]
  test.for<readonly [given: Given, places: readonly Subnet[]]>([
    [{}, [inside, outside, dual]],
    [{ connect: { address: 'private-ip' } }, [inside, outside, dual]],
    [{ connect: { address: 'private-dns' } }, all],
    [{ connect: { address: 'public-ip' } }, [outside]],
    [{ connect: { address: 'public-ip' }, network: { publicIp: true } }, all],
    [{ connect: { address: 'ipv6' } }, [dual, sixOnly]],
    [{ connect: { address: 'session-manager' } }, all],
    [{ connect: { address: 'public-ip', host: 'bastion' } }, all],
    [{ connect: { communicator: 'none' } }, all],
  ])('%j', async ([given, places]) => {
    const { aws, kept } = keep(all, given)
    expect(await ids(kept)).toEqual(places.map(({ id }) => id))
    expect(aws.calls).toEqual([])
  })
})

test.for<readonly [given: Given, places: readonly Subnet[], message: string]>([
  [{ connect: { address: 'public-ip' } }, [inside], 'an instance in the subnet subnet-private gets no public address'],
  [
    { connect: { address: 'ipv6' } },
    [inside, outside],
    'an instance in each of the subnets subnet-private, subnet-public gets no IPv6 address',
  ],
  [{}, [sixOnly], 'an instance in the subnet subnet-six has an IPv6 address only'],
])('when none is left, the definition is wrong: %j', async ([given, places, message]) => {
  await expect(keep(places, given).kept).rejects.toMatchObject({ code: 'DEFINITION_INVALID', message, hint: expect.any(String) })
})

describe('where AWS chooses the subnet', () => {
  const defaults = (...maps: readonly boolean[]): FakeAnswers => ({
    DescribeSubnets: () => ({
      Subnets: maps.map((MapPublicIpOnLaunch, index) => ({
        SubnetId: `subnet-${index}`,
        VpcId: 'vpc-1',
        AvailabilityZone: 'eu-west-1a',
        MapPublicIpOnLaunch,
      })),
    }),
    DescribeInstanceTypeOfferings: () => ({ InstanceTypeOfferings: [{ Location: 'eu-west-1a' }] }),
  })
  const toPublic: Given = { connect: { address: 'public-ip' } }

  test('it chooses of those that give the address, and of all where all do', async () => {
    expect(await ids(keep([undefined], toPublic, defaults(true, true)).kept)).toEqual([undefined])
    const { aws, kept } = keep([undefined], toPublic, defaults(false, true))
    expect(await ids(kept)).toEqual(['subnet-1'])
    expect(await (await kept).others()).toEqual([])
    expect(aws.inputs('DescribeSubnets')[0]?.Filters).toContainEqual({ Name: 'default-for-az', Values: ['true'] })
    await expect(keep([undefined], toPublic, defaults(false, false)).kept).rejects.toThrow('gets no public address')
  })

  test('it is asked only for an address that not every subnet gives', async () => {
    expect(await ids(keep([undefined], {}).kept)).toEqual([undefined])
    expect(await ids(keep([undefined], toPublic, { DescribeSubnets: () => ({ Subnets: [] }) }).kept)).toEqual([undefined])
  })
})

describe('a public name', () => {
  const toName: Given = { connect: { address: 'public-dns' } }
  const named = (Value: boolean): FakeAnswers => ({ DescribeVpcAttribute: () => ({ EnableDnsHostnames: { Value } }) })

  test('needs a VPC that gives names', async () => {
    const { aws, kept } = keep([outside], toName, named(true))
    expect(await ids(kept)).toEqual(['subnet-public'])
    expect(aws.inputs('DescribeVpcAttribute')).toEqual([{ VpcId: 'vpc-1', Attribute: 'enableDnsHostnames' }])
    await expect(keep([outside], toName, named(false)).kept).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: 'the VPC vpc-1 gives its instances no public names',
    })
  })

  test('is not asked for by who may not', async () => {
    const denied = { DescribeVpcAttribute: () => refusal('UnauthorizedOperation', 'no', 403) }
    expect(await ids(keep([outside], toName, denied).kept)).toEqual(['subnet-public'])
  })
})
