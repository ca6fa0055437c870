import { inspect } from 'node:util'

import { expect, test } from 'vitest'

import { isSecret, reveal, secret } from './secret.ts'

test('a secret cannot be stringified by accident', () => {
  const token = secret('hunter2')
  const forms = [
    String(token),
    ''.concat(String(token)),
    JSON.stringify({ token }),
    inspect(token),
    inspect({ token }),
    Object.values(token).join(''),
    JSON.stringify({ ...token }),
  ]
  for (const form of forms) expect(form).not.toContain('hunter2')
  expect(String(token)).toBe('<secret>')
})

test('reveal() gives the value, and lets plain strings pass', () => {
  expect([reveal(secret('hunter2')), reveal('plain')]).toEqual(['hunter2', 'plain'])
  expect([isSecret(secret('hunter2')), isSecret('hunter2'), isSecret({})]).toEqual([true, false, false])
})

test('what is too short to be masked is refused; nothing at all is not', () => {
  expect(() => secret('abc')).toThrow('a secret of 3 characters cannot be masked')
  expect(reveal(secret(''))).toBe('')
})
