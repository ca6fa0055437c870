import { afterEach, beforeEach, expect, test } from 'vitest'

import type { InstanceMetadata } from './instance-metadata.ts'
import { MetadataService } from './metadata-service.ts'

let metadata: InstanceMetadata | undefined
let service: MetadataService
let url = ''

beforeEach(async () => {
  metadata = {
    endpoint: 'enabled',
    tokens: 'required',
    tags: 'disabled',
    tree: { 'meta-data': { 'instance-id': 'i-1', placement: { region: 'us-west-2' }, spot: undefined }, 'user-data': Buffer.from([0xff]) },
  }
  service = new MetadataService((address) => (address === '127.0.0.1' ? metadata : undefined))
  url = `http://127.0.0.1:${await service.listen('127.0.0.1')}/latest`
})
afterEach(async () => await service.close())

async function get(path: string, token?: string): Promise<string> {
  const answer = await fetch(`${url}/${path}`, { headers: token === undefined ? {} : { 'x-aws-ec2-metadata-token': token } })
  return `${answer.status} ${await answer.text()}`
}

async function put(headers: Record<string, string>): Promise<Response> {
  return await fetch(`${url}/api/token`, { method: 'PUT', headers })
}

const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }

test('answers those who show a token: texts, and the names in folders', async () => {
  const token = await (await put(ttl)).text()
  expect(await get('meta-data/instance-id', token)).toBe('200 i-1')
  expect(await get('meta-data/', token)).toBe('200 instance-id\nplacement/')
  expect(await get('meta-data/placement/region', token)).toBe('200 us-west-2')
  expect(await get('meta-data/spot', token)).toBe('404 ')
  const data = await fetch(`${url}/user-data`, { headers: { 'x-aws-ec2-metadata-token': token } })
  expect([...new Uint8Array(await data.arrayBuffer())]).toEqual([0xff])
})

test('refuses who shows none, or a wrong one; version 1 where it is allowed', async () => {
  expect(await get('meta-data/instance-id')).toBe('401 ')
  expect(await get('meta-data/instance-id', 'made-up')).toBe('401 ')
  if (metadata !== undefined) metadata = { ...metadata, tokens: 'optional' }
  expect(await get('meta-data/instance-id')).toBe('200 i-1')
  expect(await get('meta-data/instance-id', 'made-up')).toBe('401 ')
})

test('gives tokens to whom asks rightly, and to nobody behind a proxy', async () => {
  expect((await put({})).status).toBe(400)
  expect((await put({ 'x-aws-ec2-metadata-token-ttl-seconds': '21601' })).status).toBe(400)
  expect((await put({ ...ttl, 'x-forwarded-for': '203.0.113.1' })).status).toBe(403)
})

test('is silent where it is disabled, and to strangers', async () => {
  if (metadata !== undefined) metadata = { ...metadata, endpoint: 'disabled' }
  expect((await put(ttl)).status).toBe(403)
  metadata = undefined
  expect((await put(ttl)).status).toBe(503)
})
