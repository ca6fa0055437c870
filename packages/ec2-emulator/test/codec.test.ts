import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'

import { expect, test } from 'vitest'

import type { SdkService } from '../src/aws-sdk.ts'
import { loadOperations } from '../src/aws-sdk.ts'
import { decodeInput, encodeOutput } from '../src/server/codec.ts'
import { services } from '../src/server/service.ts'
import { sampleValue } from './sample-value.ts'

/** Amazon's own clients, by the names of their services. */
const clients: Readonly<Record<SdkService, readonly [name: string, client: string]>> = {
  ec2: ['@aws-sdk/client-ec2', 'EC2Client'],
  iam: ['@aws-sdk/client-iam', 'IAMClient'],
  kms: ['@aws-sdk/client-kms', 'KMSClient'],
  secretsmanager: ['@aws-sdk/client-secrets-manager', 'SecretsManagerClient'],
  ssm: ['@aws-sdk/client-ssm', 'SSMClient'],
  sts: ['@aws-sdk/client-sts', 'STSClient'],
}

/** As much of a client as this test needs. */
interface Client {
  send(command: object): Promise<object>
}
type Constructor<T> = new (options: object) => T

/** What a client adds to requests and answers by itself. */
const added = ['PresignedUrl', 'DestinationRegion', '$metadata']

test.for<[SdkService, number]>([
  ['ec2', 823],
  ['iam', 180],
  ['kms', 56],
  ['secretsmanager', 23],
  ['ssm', 154],
  ['sts', 11],
])('every operation of %s is read as its client writes it, and written as its client reads it', async ([name, count]) => {
  const [path, clientName] = clients[name]
  const exported = createRequire(import.meta.url)(path) as Readonly<Record<string, Constructor<Client>>>
  const schemas = loadOperations(name)
  const service = services().get(name)
  if (service === undefined) throw new Error(`no service ${name}`)
  const { protocol } = service
  const wrong: string[] = []
  for (const schema of schemas.values()) {
    const input = withoutAdded(sampleValue(schema.input))
    const output = sampleValue(schema.output) ?? {}
    let body = ''
    const handler = {
      handle(request: { body?: string | Uint8Array }) {
        body = Buffer.from(request.body ?? '').toString()
        const answer = encodeOutput(service, schema, output, 'request-1')
        return Promise.resolve({
          response: { statusCode: answer.status, headers: { 'content-type': answer.contentType }, body: Buffer.from(answer.body) },
        })
      },
    }
    const Client = exported[clientName]
    const Command: Constructor<object> | undefined = exported[`${schema.name}Command`]
    if (Client === undefined || Command === undefined) throw new Error(`no ${schema.name}`)
    const client = new Client({
      region: 'us-east-1',
      credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
      requestHandler: handler,
      endpoint: 'http://localhost',
    })
    const read = withoutAdded(await client.send(new Command(input)))
    if (!isDeepStrictEqual(withoutAdded(decodeInput(protocol, schema, body)), input)) wrong.push(`${schema.name}: request`)
    if (!isDeepStrictEqual(read, output)) wrong.push(`${schema.name}: answer`)
  }
  expect(wrong).toEqual([])
  expect(schemas.size).toBe(count)
})

function withoutAdded(value: unknown): object {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !added.includes(key)))
}
