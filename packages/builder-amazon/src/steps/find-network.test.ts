import { expect, test } from 'vitest'

import type { FakeAnswers } from '../../test/fake-aws.ts'
import { fakeAws } from '../../test/fake-aws.ts'
import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { findNetwork } from './find-network.ts'

const { signal } = new AbortController()
const subnets = [
  { SubnetId: 'subnet-a', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1a', AvailableIpAddressCount: 10 },
  { SubnetId: 'subnet-b', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1b', AvailableIpAddressCount: 200 },
  { SubnetId: 'subnet-c', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1c', AvailableIpAddressCount: 100 },
]
const answers: FakeAnswers = {
  DescribeSubnets: () => ({ Subnets: subnets }),
  DescribeVpcs: () => ({ Vpcs: [{ VpcId: 'vpc-1' }] }),
  DescribeInstanceTypeOfferings: () => ({ InstanceTypeOfferings: [{ Location: 'eu-west-1a' }, { Location: 'eu-west-1b' }] }),
}

function find(network: InstanceOptions['network'], more: FakeAnswers = {}) {
  const aws = fakeAws({ ...answers, ...more })
  const options: InstanceOptions = { sourceAmi: 'ami-1', instanceType: 't3.small', ...(network !== undefined && { network }) }
  return { aws, found: findNetwork(aws, options, { signal }) }
}

const ids = (places: readonly ({ readonly id: string } | undefined)[]): readonly (string | undefined)[] => places.map((place) => place?.id)

test('without options nothing is asked, until there is no capacity', async () => {
  const { aws, found } = find(undefined)
  const { places, vpcId, others } = await found
  expect([ids(places), vpcId, aws.calls]).toEqual([[undefined], undefined, []])
  expect(ids(await others())).toEqual(['subnet-b', 'subnet-a'])
  expect(aws.inputs('DescribeSubnets')[0]?.Filters).toContainEqual({ Name: 'default-for-az', Values: ['true'] })
})

test('a VPC means its subnets in zones that have the type, the one with the most free addresses first', async () => {
  const { aws, found } = find({ vpc: { filters: { 'tag:Name': 'build' } } })
  const { places, vpcId } = await found
  expect([ids(places), vpcId]).toEqual([['subnet-b', 'subnet-a'], 'vpc-1'])
  expect(aws.inputs('DescribeVpcs')[0]?.Filters).toContainEqual({ Name: 'tag:Name', Values: ['build'] })
})

test('a public address needs a subnet: one of the default VPC', async () => {
  const { aws, found } = find(
    { publicIp: true, availabilityZone: 'eu-west-1b' },
    { DescribeSubnets: () => ({ Subnets: subnets.slice(1, 2) }) },
  )
  expect(ids((await found).places)).toEqual(['subnet-b'])
  expect(aws.inputs('DescribeVpcs')[0]?.Filters).toEqual([{ Name: 'is-default', Values: ['true'] }])
  expect(aws.inputs('DescribeSubnets')[0]?.Filters).toContainEqual({ Name: 'availability-zone', Values: ['eu-west-1b'] })
})

test('several subnets that fit are an error when only one is wanted, and a choice otherwise', async () => {
  const filters = { 'tag:tier': 'private' }
  await expect(find({ subnet: { filters, pick: 'only' } }).found).rejects.toThrow('3 subnets in eu-west-1 have tag:tier private')
  expect(ids((await find({ subnet: { filters } }).found).places)).toEqual(['subnet-b', 'subnet-c', 'subnet-a'])
  expect(new Set(ids((await find({ subnet: { filters, pick: 'random' } }).found).places))).toEqual(
    new Set(['subnet-a', 'subnet-b', 'subnet-c']),
  )
})

test('what is not there is named', async () => {
  await expect(find({ subnet: 'subnet-x' }, { DescribeSubnets: () => ({}) }).found).rejects.toThrow(
    'no subnet in eu-west-1 has subnet-id subnet-x',
  )
  await expect(find({ vpc: { filters: { a: 'b' } } }, { DescribeVpcs: () => ({}) }).found).rejects.toThrow('0 VPCs in eu-west-1 have a b')
  await expect(find({ publicIp: true }, { DescribeVpcs: () => ({}) }).found).rejects.toThrow('no default VPC in eu-west-1')
  await expect(find({ vpc: 'vpc-1' }, { DescribeSubnets: () => ({}) }).found).rejects.toThrow('the VPC vpc-1 has no subnet for t3.small')
})
