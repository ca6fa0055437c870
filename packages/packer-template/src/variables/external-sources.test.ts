import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { reveal } from '@imago/core'
import { expect, onTestFinished, test, vi } from 'vitest'

import { load } from '../../test/load.ts'
import { convertTemplate, externalSources } from '../index.ts'

/** A server whose answers are these, by method and path; `asked` is what it was shown. */
async function serve(
  answers: Readonly<Record<string, object | string | number>>,
): Promise<{ readonly address: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { url = '', headers } = request
    const token = headers['x-vault-token'] ?? headers['x-consul-token'] ?? '-'
    asked.push(`${url} ${String(token)} ${String(headers['x-vault-namespace'] ?? '-')}`)
    const answer = Object.hasOwn(answers, url) ? answers[url] : 404
    if (typeof answer === 'number') response.writeHead(answer).end('{"errors":[]}')
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked } // it listens on a port
}

function ask(env: Readonly<Record<string, string>>): ReturnType<typeof externalSources> {
  return externalSources({ env: (name) => env[name] })
}

test('Vault, with both versions of its engine', async () => {
  const { address, asked } = await serve({
    '/v1/secret/data/cow': { data: { data: { name: 'Berta', age: 7 }, metadata: { version: 2 } } },
    '/v1/kv/cow': { data: { name: 'Elsa' } },
  })
  const resolver = ask({ VAULT_ADDR: address, VAULT_TOKEN: 'a token', VAULT_NAMESPACE: 'farm' })
  expect(await resolver('vault', ['/secret/data/cow', 'name'])).toBe('Berta')
  expect(await resolver('vault', ['secret/data/cow', 'age'])).toBe('7')
  expect(await resolver('vault', ['kv/cow', 'name'])).toBe('Elsa')
  expect(asked[0]).toBe('/v1/secret/data/cow a token farm')
  await expect(resolver('vault', ['kv/cow', 'colour'])).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: "what Vault has at 'kv/cow' has no 'colour'",
  })
  await expect(resolver('vault', ['kv/ox', 'name'])).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: "Vault has nothing at 'kv/ox'",
  })
  await expect(resolver('vault', ['kv/cow'])).rejects.toThrow("'vault' needs a path and the name of a value")
})

test('Consul', async () => {
  const { address, asked } = await serve({ '/v1/kv/farm/cow%20one?raw': 'Berta\n' })
  const resolver = ask({ CONSUL_HTTP_ADDR: address.slice('http://'.length), CONSUL_HTTP_TOKEN: 'a token' })
  expect(await resolver('consul_key', ['farm/cow one'])).toBe('Berta\n')
  expect(asked).toEqual(['/v1/kv/farm/cow%20one?raw a token -'])
  await expect(resolver('consul_key', ['farm/ox'])).rejects.toMatchObject({ code: 'INPUT_MISSING', message: "Consul has no key 'farm/ox'" })
})

test('the Secrets Manager of AWS', async () => {
  const { address } = await serve({ '/': { Name: 'cow', SecretString: '{"name":"Berta"}' } })
  vi.stubEnv('AWS_ENDPOINT_URL', address)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
  vi.stubEnv('AWS_REGION', 'eu-west-1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const resolver = ask({})
  expect(await resolver('aws_secretsmanager', ['cow', 'name'])).toBe('Berta')
  expect(await resolver('aws_secretsmanager', ['cow'])).toBe('Berta')
  await expect(resolver('aws_secretsmanager', ['cow', 'colour'])).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})

test('what keeps it from asking', async () => {
  const { address } = await serve({ '/v1/a': 403, '/v1/b': 500 })
  await expect(ask({ VAULT_ADDR: address })('vault', ['a', 'b'])).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    message: "VAULT_ADDR and VAULT_TOKEN say how to ask Vault for 'a', and are not both set",
    hint: 'set both, or give the variable a value with --var',
  })
  const resolver = ask({ VAULT_ADDR: address, VAULT_TOKEN: 't', CONSUL_HTTP_ADDR: 'http://127.0.0.1:9' })
  await expect(resolver('vault', ['a', 'b'])).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    message: `Vault at ${address} answers 403 for '/v1/a'`,
  })
  await expect(resolver('vault', ['b', 'b'])).rejects.toMatchObject({ code: 'NETWORK' })
  await expect(resolver('consul_key', ['a'])).rejects.toMatchObject({
    code: 'NETWORK',
    message: expect.stringContaining('Consul at http://127.0.0.1:9 does not answer'),
  })
  await expect(ask({ VAULT_ADDR: 'vault', VAULT_TOKEN: 't' })('vault', ['a', 'b'])).rejects.toThrow("'vault' is no address")
})

const template = {
  variables: { password: '{{vault `secret/data/cow` `password`}}', name: '{{consul_key `cow`}}' },
  builders: [{ type: 'null', communicator: 'none' }],
  provisioners: [{ type: 'shell-local', inline: ['login {{user `name`}} {{user `password`}}'] }],
}

test('what a template gets of Vault is a secret', async () => {
  const { address } = await serve({ '/v1/secret/data/cow': { data: { data: { password: 'correct-horse' } } }, '/v1/kv/cow?raw': 'Berta' })
  const external = ask({ VAULT_ADDR: address, VAULT_TOKEN: 't', CONSUL_HTTP_ADDR: address })
  const { image } = await load(template, { external })
  expect(image.provisioners[0]?.options).toMatchObject({ inline: ['login Berta correct-horse'] })
  expect((image.secrets ?? []).map((value) => reveal(value))).toEqual(['correct-horse'])
  await expect(load(template, { external: ask({ CONSUL_HTTP_ADDR: address }) })).rejects.toThrow(
    "variables.password: vault: VAULT_ADDR and VAULT_TOKEN say how to ask Vault for 'secret/data/cow', and are not both set (set both, or give",
  )
})

test('a conversion asks nobody, and writes no secret down', async () => {
  const external = (): Promise<string> => Promise.reject(new Error('nobody is to be asked'))
  const { code, warnings } = await convertTemplate(
    { path: 'template.json', text: JSON.stringify(template) },
    { directory: '/work', external },
  )
  expect(code).toContain('z.object({ password: z.string(), name: z.string() })')
  expect(code).toContain('secrets: [secret(p.password)]')
  expect(warnings.map(({ message }) => message)).toEqual([
    "the default of 'password' is kept elsewhere, and is not asked for now: {{vault `secret/data/cow` `password`}}",
    "the default of 'name' is kept elsewhere, and is not asked for now: {{consul_key `cow`}}",
  ])
})
