import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineImage, validate } from '@imago/core'
import { fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { PuppetAgentOptions } from './index.ts'
import { puppetAgent } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-puppet-'))
  for (const folder of ['work', 'certs', 'keys']) await mkdir(join(directory, folder))
  for (const name of ['ca.pem', 'certs/cow.pem', 'keys/cow.pem']) await writeFile(join(directory, name), name)
})
afterEach(async () => await rm(directory, { recursive: true }))

/** Runs the step, and answers with its arguments and the files that were there. */
async function provision(options: PuppetAgentOptions) {
  const machine = fakeMachine().on(/command -v/, { stdout: '/opt/puppetlabs/bin/puppet\n' })
  const context = provisionContext({ machine, directory, workDirectory: join(directory, 'work') })
  await puppetAgent({ stagingDirectory: '/s', sudo: false, ...options }).provision(context)
  const [, ...args] = machine.commands.map(({ command }) => command).find(([program]) => program === '/opt/puppetlabs/bin/puppet') ?? []
  return { args, files: machine.files }
}

const always = [
  'agent',
  '--detailed-exitcodes',
  '--color=false',
  '--onetime',
  '--no-daemonize',
  '--no-splay',
  '--no-usecacheonfailure',
  '--logdest=console',
]
const temporary = ['--ssldir=/s/ssl', '--vardir=/s/var']

describe('the command', () => {
  test('keeps the key and what the server sends in the staging directory', async () => {
    expect((await provision({})).args).toEqual([...always, '--waitforcert=5', '--maxwaitforcert=120', ...temporary])
  })

  test('has all that is asked for', async () => {
    const identity = { certificates: 'certs', privateKeys: 'keys' }
    const about = { server: 'a.example', port: 8141, node: 'cow', environment: 'images', waitForCertificate: 0, extraArguments: ['--noop'] }
    const { args, files } = await provision({ identity, caCertificate: 'ca.pem', ...about })
    const settings = ['--server=a.example', '--serverport=8141', '--certname=cow', '--environment=images', '--waitforcert=0']
    expect(args).toEqual([...always, ...settings, ...temporary, '--noop'])
    expect(files.text('/s/ssl/certs/ca.pem')).toBe('ca.pem')
    expect(files.text('/s/ssl/certs/cow.pem')).toBe('certs/cow.pem')
    expect(files.entry('/s/ssl/private_keys/cow.pem')).toMatchObject({ mode: 0o600 })
  })

  test("uses the machine's own key", async () => {
    expect((await provision({ identity: 'machine', waitForCertificate: '2s' })).args).toEqual([
      ...always,
      '--waitforcert=2',
      '--maxwaitforcert=2',
    ])
  })
})

test('a definition is checked before anything starts', async () => {
  const issuesOf = async (options: object): Promise<readonly string[]> => {
    const step = puppetAgent(options as PuppetAgentOptions) // wrong on purpose
    const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: [step] })
    return (await validate(image, { directory })).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  }
  expect(await issuesOf({ server: 'a', identity: { certificates: 'certs', privateKeys: 'keys' }, caCertificate: 'ca.pem' })).toEqual([])
  expect(await issuesOf({ identity: { certificates: 'no', privateKeys: 'ca.pem' }, caCertificate: 'no' })).toMatchInlineSnapshot(`
    [
      "identity.certificates: 'no' does not exist",
      "identity.privateKeys: 'ca.pem' is not a directory",
      "caCertificate: 'no' does not exist",
    ]
  `)
  expect(await issuesOf({ identity: 'machine', caCertificate: 'ca.pem', port: 0, node: 'A', waitForCertificate: 'x' }))
    .toMatchInlineSnapshot(`
    [
      "port: must be a port, not 0",
      "node: must be a name in lower case, not "A"",
      "waitForCertificate: must be a duration, such as '10s', '1.5m' or a number of milliseconds, not "x"",
      "caCertificate: identity: 'machine' and caCertificate exclude each other",
    ]
  `)
  expect(puppetAgent({ server: 'a' })).toMatchObject({ type: 'puppet-agent', title: 'puppet agent of a' })
})
