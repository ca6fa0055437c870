import { expect, it } from 'vitest'

import { formatPlatform, isPlatform, localPlatform, parsePlatform } from './platform.ts'

it('takes platforms apart and puts them together', () => {
  expect(parsePlatform('linux/arm/v7')).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' })
  for (const text of ['linux/amd64', 'linux/arm64/v8']) expect(formatPlatform(parsePlatform(text))).toBe(text)
})

it.each(['linux', 'linux/', '/amd64', 'linux/arm/', 'linux/arm/v7/x', ''])('refuses %j', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'DEFINITION_INVALID' }))
})

it('names this machine as registries do', () => {
  expect(localPlatform().os).toBe('linux')
  expect(localPlatform().architecture).not.toMatch(/x64|ia32/)
})

it.each([
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm/v6', 'linux/arm/v7', false],
  ['linux/amd64', 'windows/amd64', false],
])('%s for %s: %s', (found, asked, fits) => {
  expect(isPlatform(parsePlatform(found), parsePlatform(asked))).toBe(fits)
})
