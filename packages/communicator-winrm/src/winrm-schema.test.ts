import { optionSchema, secret } from '@imago/core'
import { expect, test } from 'vitest'
import * as v from 'valibot'

import { winrmInputs } from './winrm-inputs.ts'
import { winrmEntries, winrmIssuesTogether } from './winrm-schema.ts'

const problems = (options: object): readonly string[] =>
  [...optionSchema.schemaIssues(v.strictObject(winrmEntries), options), ...winrmIssuesTogether(options)].map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )

test('right options have no problem', () => {
  expect(problems({ host: 'win', password: 'word' })).toEqual([])
  expect(
    problems({
      host: '192.0.2.7',
      port: 5986,
      user: 'LAB\\packer',
      password: secret('vagrant'),
      tls: { ca: 'ca.pem' },
      auth: 'ntlm',
      timeout: '1h',
      pauseBeforeConnecting: '10s',
      loginAttempts: 3,
    }),
  ).toEqual([])
})

test('wrong options are told', () => {
  const wrong = { host: '', port: 0, user: 'a:b', tls: { ca: 'x', insecure: true }, auth: 'kerberos', timeout: 'soon' }
  expect(problems(wrong)).toEqual([
    'host: must not be empty, not ""',
    'port: must be 1 to 65535, not 0',
    'password: is required',
    `auth: must be 'basic' or 'ntlm', not "kerberos"`,
    `timeout: must be a duration, such as '10s', '1.5m' or a number of milliseconds, not "soon"`,
    "tls.ca: has no use beside 'insecure'",
    "user: must not have a colon, not 'a:b'",
  ])
})

test('the files that options name', () => {
  expect(winrmInputs({ tls: { ca: 'ca.pem' } })).toEqual([{ path: 'ca.pem', at: ['tls', 'ca'], kind: 'file' }])
  expect(winrmInputs({ tls: true })).toEqual([])
})
