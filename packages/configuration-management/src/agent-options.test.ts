import { optionSchema } from '@imago/core'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'

import { agentEntries, agentInputs, agentIssues, pathInputs } from './agent-options.ts'

const schema = v.strictObject(agentEntries)

function problems(options: object): readonly string[] {
  return [...optionSchema.schemaIssues(schema, options), ...agentIssues(options)].map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )
}

describe('the options that all agents take', () => {
  test.each([
    {},
    { install: 'none' },
    { install: 'package', sudo: false, binDirectory: '/opt/puppetlabs/bin', stagingDirectory: '/var/tmp/imago' },
    { install: { packages: ['puppet-agent=7.*'] }, extraArguments: ['--noop'], env: { A: 'a', B: () => 'b' } },
    { install: { script: 'install.sh', arguments: ['-v', '18'] } },
    { install: { script: 'https://example.org/i.sh', checksum: 'none' } },
    { install: { command: 'curl https://example.org/i.sh | sh' } },
    { install: { script: 'https://example.org/i.sh', checksum: 'a'.repeat(64) } },
  ])('%o', (options) => expect(problems(options)).toEqual([]))

  test('are reported when they are wrong, all at once', () => {
    expect(problems({ install: 'yes', sudo: 1, stagingDirectory: '/', binDirectory: 'bin', env: { 'A-B': 'a' }, instal: 1 }))
      .toMatchInlineSnapshot(`
        [
          "install: must be 'none' or 'package', not "yes"",
          "sudo: must be a boolean, not 1",
          "env.A-B: 'A-B' is not a name of an environment variable",
          "binDirectory: must be an absolute path of the machine, not "bin"",
          "stagingDirectory: must be an absolute path of the machine, not "/"",
          "instal: unknown option 'instal'",
        ]
      `)
    expect(problems({ install: { script: 'https://example.org/i.sh' } })).toMatchInlineSnapshot(`
      [
        "install.checksum: is required for a URL",
      ]
    `)
    expect(problems({ install: { script: 'i.sh', checksum: 'md5:1' } })).toMatchInlineSnapshot(`
      [
        "install.checksum: must be a SHA-256 ('sha256:' and 64 digits of hex) or 'none', not "md5:1"",
      ]
    `)
    expect(problems({ install: { packages: ['a'], script: 'i.sh' } })).toMatchInlineSnapshot(`
      [
        "install.script: packages and script exclude each other",
      ]
    `)
    expect(problems({ install: { command: 'sh i.sh', arguments: ['-v'] } })).toMatchInlineSnapshot(`
      [
        "install.arguments: command and arguments exclude each other",
      ]
    `)
    expect(problems({ install: {} })).toMatchInlineSnapshot(`
      [
        "install: needs packages, script or command",
      ]
    `)
    expect(problems({ install: { packges: ['a'] } })).toMatchInlineSnapshot(`
      [
        "install.packges: unknown option 'packges'",
        "install: needs packages, script or command",
      ]
    `)
  })

  test('name the files that they read', () => {
    expect(agentInputs({ install: { script: 'i.sh' } })).toEqual([{ path: 'i.sh', at: ['install', 'script'], kind: 'file' }])
    expect(agentInputs({ install: { script: 'https://example.org/i.sh' } })).toEqual([])
    expect(agentInputs({ install: 'package' })).toEqual([])
    expect(pathInputs('roles', ['a', 1, 'b'], 'directory')).toEqual([
      { path: 'a', at: ['roles', 0], kind: 'directory', linksOut: 'followed' },
      { path: 'b', at: ['roles', 2], kind: 'directory', linksOut: 'followed' },
    ])
    expect(pathInputs('playbook', 'a.yml')).toEqual([{ path: 'a.yml', at: ['playbook'], linksOut: 'followed' }])
    expect(pathInputs('playbook', undefined)).toEqual([])
  })
})
