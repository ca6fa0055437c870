import { describe, expect, test } from 'vitest'

import { parseArguments } from './arguments.ts'

const flags = {
  json: { type: 'boolean', short: 'j', help: 'JSON' },
  only: { type: 'values', value: '<names>', help: 'only' },
  'on-error': { type: 'value', value: '<what>', help: 'on error' },
} as const

function parse(...args: readonly string[]): ReturnType<typeof parseArguments<typeof flags>> {
  return parseArguments(flags, args)
}

function problem(...args: readonly string[]): { message: string; hint: string | undefined; code: string } {
  try {
    parse(...args)
  } catch (error) {
    const { message, hint, code } = error as { message: string; hint: string | undefined; code: string }
    return { message, hint, code }
  }
  throw new Error('it was taken')
}

describe('parseArguments', () => {
  test('gives every option a value, also where none is given', () => {
    expect(parse()).toEqual({ values: { json: false, only: [], 'on-error': undefined }, positionals: [] })
  })

  test('takes values beside and behind the name, several times, among positionals', () => {
    expect(parse('a', '--only', 'x', '-j', '--only=y,z', '--on-error=ask', 'b', '--', '--only')).toEqual({
      values: { json: true, only: ['x', 'y,z'], 'on-error': 'ask' },
      positionals: ['a', 'b', '--only'],
    })
  })

  test('takes an empty value and one that begins with a dash where it is unmistakable', () => {
    expect(parse('--on-error=', '--only=-x').values).toMatchObject({ 'on-error': '', only: ['-x'] })
  })

  test.each([
    [['--onyl', 'x'], "there is no option '--onyl'", "did you mean '--only'?"],
    [['-only=x'], "there is no option '-only'", "did you mean '--only'?"],
    [['-x'], "there is no option '-x'", 'known: --json, --only, --on-error'],
    [['--jsn'], "there is no option '--jsn'", "did you mean '--json'?"],
    [['--json=yes'], "option '--json' takes no value, and got 'yes'", undefined],
    [['--only'], "option '--only' needs a value", 'write --only=<names>'],
    [['--only', '--json'], "option '--only' needs a value, and is followed by '--json'", 'write --only=<names>'],
  ])('refuses %j', (args, message, hint) => {
    expect(problem(...args)).toEqual({ message, hint, code: 'USAGE' })
  })
})
