import * as v from 'valibot'
import { describe, expect, test } from 'vitest'

import { defineImage, artifactOf } from './image.ts'
import type { Issue } from './issue.ts'
import { formatPath } from './issue.ts'
import { artifactReference, duration, environment, fileMode, fromFacts, schemaIssues, text, textOrSecret } from './option-schema.ts'
import { secret } from './secret.ts'
import { thing } from '../test/fixtures.ts'

const schema = v.strictObject({
  image: text,
  pull: v.optional(v.picklist(['always', 'missing', 'never'])),
  timeout: v.optional(duration),
  mode: v.optional(fileMode),
  env: v.optional(environment),
  inline: v.optional(fromFacts(v.array(v.string()))),
  token: v.optional(textOrSecret),
  result: v.optional(
    v.variant('type', [
      v.strictObject({ type: v.literal('commit'), author: v.optional(v.string()) }),
      v.strictObject({ type: v.literal('discard') }),
    ]),
  ),
  from: v.optional(v.union([text, artifactReference('thing'), v.strictObject({ dockerfile: v.string() })])),
})

function lines(value: unknown): string[] {
  return schemaIssues(schema, value).map(
    ({ path, message, hint }: Issue) => `${formatPath(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
}

describe('what is right has no issues', () => {
  const image = defineImage({ name: 'base', builders: { a: thing() } })
  test.for([
    { image: 'x' },
    {
      image: 'x',
      pull: 'never',
      timeout: '10s',
      mode: 0o755,
      env: { A: '1', B: secret('hunter2') },
      inline: ['x'],
      result: { type: 'commit', author: 'me' },
    },
    { image: 'x', inline: () => ['x'], from: artifactOf(image, 'a') },
    { image: 'x', from: { dockerfile: 'Dockerfile' } },
  ])('%j', (value) => {
    expect(lines(value)).toEqual([])
  })
})

test.for([
  [{}, ['image: is required']],
  [{ imgae: 'x' }, ['image: is required', "imgae: unknown option 'imgae' (did you mean 'image'?)"]],
  [{ image: '' }, ['image: must not be empty, not ""']],
  [{ image: 3 }, ['image: must be a string, not 3']],
  [{ image: 'x', pull: 'sometimes' }, [`pull: must be 'always' or 'missing' or 'never', not "sometimes"`]],
  [{ image: 'x', timeout: '10 s' }, [`timeout: must be a duration, such as '10s', '1.5m' or a number of milliseconds, not "10 s"`]],
  [{ image: 'x', mode: 0o10000 }, ['mode: must be permission bits, 0 to 0o7777, not 4096']],
  [{ image: 'x', env: { 'a-b': '1' } }, [`env.a-b: 'a-b' is not a name of an environment variable`]],
  [{ image: 'x', env: { A: 1 } }, ['env.A: must be a string or a secret, not 1']],
  [{ image: 'x', inline: ['a', 1] }, ['inline[1]: must be a string, not 1']],
  [{ image: 'x', result: { type: 'comit' } }, [`result.type: must be 'commit' or 'discard', not "comit"`]],
  [{ image: 'x', result: { type: 'commit', auhtor: 'me' } }, ["result.auhtor: unknown option 'auhtor' (did you mean 'author'?)"]],
  [
    { image: 'x', from: { dockerfil: 'x' } },
    ['from.dockerfile: is required', "from.dockerfil: unknown option 'dockerfil' (did you mean 'dockerfile'?)"],
  ],
] as const)('%j', ([value, expected]) => {
  expect(lines(value)).toEqual(expected)
})

test('values that JSON cannot hold are shown, too', () => {
  const circular: Record<string, unknown> = {}
  circular['image'] = circular
  expect(lines(circular)).toEqual(['image: must be a string, not something that refers to itself'])
  expect(lines({ image: 3n })).toEqual(['image: must be a string, not "3n"'])
})

test('options that depend on the value are known, too', () => {
  const schema = v.strictObject({
    way: v.lazy((value) =>
      typeof value === 'object' && value !== null && 'host' in value
        ? v.strictObject({ host: v.string(), port: v.optional(v.number()) })
        : v.string(),
    ),
  })
  const [issue] = schemaIssues(schema, { way: { host: 'a', prot: 1 } })
  expect(issue?.hint).toBe("did you mean 'port'?")
})
