import { expect, test } from 'vitest'

import { load } from '../../test/load.ts'
import type { TemplateOptions } from '../index.ts'

/** What a template echoes on this machine. */
async function echoed(variables: object, text: string, options: Partial<TemplateOptions> = {}): Promise<unknown> {
  const { image } = await load(
    { variables, builders: [{ type: 'null', communicator: 'none' }], provisioners: [{ type: 'shell-local', inline: [text] }] },
    options,
  )
  const made = image.provisioners[0]?.options as { readonly inline: readonly string[] } | undefined // of a shellLocal
  return made?.inline[0]
}

const declared = { a: 'default', b: '{{user `a`}}!' }

test('defaults, and defaults made of others', async () => {
  expect(await echoed(declared, '{{user `a`}} {{user `b`}}')).toBe('default default!')
})

test.for<[what: string, sources: NonNullable<TemplateOptions['variables']>, value: string]>([
  ['the environment comes before defaults', { environment: { a: 'env' } }, 'env env!'],
  ['files come before the environment', { environment: { a: 'env' }, files: [file('{"a": "one"}')] }, 'one one!'],
  ['the last file comes first', { files: [file('{"a": "one", "b": "x"}'), file('{"a": "two"}')] }, 'two x'],
  ['the command line comes before all', { vars: { a: 'var' }, files: [file('{"a": "one"}')], environment: { a: 'env' } }, 'var var!'],
  ['files may have comments', { files: [file('// of mine\n{"a": "one", /* and */}')] }, 'one one!'],
  ['files may hold numbers and booleans', { files: [file('{"a": 5, "b": true}')] }, '5 true'],
  ['an empty value is a value', { vars: { a: '' } }, ' !'],
])('%s', async ([, variables, value]) => {
  expect(await echoed(declared, '{{user `a`}} {{user `b`}}', { variables })).toBe(value)
})

test('a variable whose default is null must be given', async () => {
  await expect(echoed({ a: null }, '{{user `a`}}')).rejects.toThrow(
    "template.json:3:5: variables.a: the variable 'a' must be given a value (--var a=…)",
  )
  expect(await echoed({ a: null }, '{{user `a`}}', { variables: { vars: { a: 'given' } } })).toBe('given')
})

test('the environment is read in defaults only', async () => {
  const env = (name: string): string | undefined => (name === 'COW' ? 'moo' : undefined)
  expect(await echoed({ a: '{{env `COW`}}', b: '{{env `HORSE`}}' }, '{{user `a`}}/{{user `b`}}', { env })).toBe('moo/')
  await expect(echoed({}, '{{env `COW`}}', { env })).rejects.toThrow("'env' can be used in the defaults of variables only")
})

test('what is kept elsewhere is asked for', async () => {
  const asked: string[] = []
  const external: TemplateOptions['external'] = (source, args) => {
    asked.push([source, ...args].join(' '))
    return Promise.resolve(`${source}!`)
  }
  const variables = {
    a: '{{vault `secret/data/cows` `name`}}',
    b: '{{consul_key `cows/name`}}',
    c: '{{aws_secretsmanager `cows` `name`}}',
  }
  expect(await echoed(variables, '{{user `a`}} {{user `b`}} {{user `c`}}', { external })).toBe('vault! consul_key! aws_secretsmanager!')
  expect(asked.toSorted()).toEqual(['aws_secretsmanager cows name', 'consul_key cows/name', 'vault secret/data/cows name'])
  const failing = echoed(variables, '{{user `a`}}', { external: () => Promise.reject(new Error('sealed')) })
  await expect(failing).rejects.toThrow('sealed')
  await expect(echoed(variables, '{{user `a`}}')).rejects.toThrow('vault')
})

test('variables that make each other have no value', async () => {
  await expect(echoed({ a: '{{user `b`}}', b: '{{user `a`}}' }, '{{user `a`}}')).rejects.toThrow(/template.json:\d+:\d+: variables\./)
})

test('a variable that is not declared is empty, and told', async () => {
  const { warnings } = await load({
    variables: { release: 'x' },
    builders: [{ type: 'null', communicator: 'none' }],
    provisioners: [{ type: 'shell-local', inline: ['{{user `relaese`}}'] }],
  })
  expect(warnings).toMatchObject([
    { message: "the variable 'relaese' is not declared and has no value: it is empty", hint: "did you mean 'release'?" },
  ])
})

test('a default may hold a field that is known only while the build runs', async () => {
  const { image } = await load({
    variables: { command: 'ks=http://{{.HTTPIP}}:{{.HTTPPort}}/ks.cfg' },
    builders: [
      { type: 'qemu', iso_url: 'x', iso_checksum: 'none', ssh_username: 'u', http_directory: '.', boot_command: ['{{user `command`}}'] },
    ],
  })
  expect(image.builders['qemu']?.options).toMatchObject({ boot: { command: expect.any(Function) } })
})

test('a file that is no JSON is told with its place', async () => {
  await expect(echoed(declared, '', { variables: { files: [{ path: 'mine.json', text: '{\n  "a" "b"\n}' }] } })).rejects.toThrow(
    'mine.json:2:7',
  )
})

function file(text: string): { readonly path: string; readonly text: string } {
  return { path: 'vars.json', text }
}
