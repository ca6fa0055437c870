import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { defineImage, isParameterized, parameterized, resolveParameters } from './index.ts'
import type { ParameterizedImage, ParameterSources } from './index.ts'
import { thing } from '../test/fixtures.ts'

const define = (p: { version: string; count: number; debug?: boolean | undefined }) =>
  defineImage({ name: 'cow', description: JSON.stringify(p), builders: { a: thing() } })

const schemas: Record<string, ParameterizedImage> = {
  zod: parameterized(z.object({ version: z.string(), count: z.number().int().default(1), debug: z.boolean().optional() }), define),
  valibot: parameterized(v.object({ version: v.string(), count: v.optional(v.number(), 1), debug: v.optional(v.boolean()) }), define),
  arktype: parameterized(type({ version: 'string', count: 'number = 1', 'debug?': 'boolean' }), define),
}

describe.for(Object.entries(schemas))('%s', ([, image]) => {
  const resolved = async (sources: ParameterSources): Promise<unknown> =>
    JSON.parse((await resolveParameters(image, sources)).description ?? '')

  test('texts become what the schema wants, defaults are filled in', async () => {
    expect(await resolved({ vars: { version: '12', count: '3', debug: 'true' } })).toEqual({ version: '12', count: 3, debug: true })
    expect(await resolved({ vars: { version: '1.0' } })).toEqual({ version: '1.0', count: 1 })
  })

  test('--var stands above --var-file, the later file above the earlier, any file above the environment', async () => {
    const files = [
      { path: 'one.json', values: { version: 'one', count: 10 } },
      { path: 'two.json', values: { version: 'two' } },
    ]
    expect(await resolved({ environment: { version: 'env', count: '7' } })).toEqual({ version: 'env', count: 7 })
    expect(await resolved({ environment: { version: 'env', count: '7' }, files })).toEqual({ version: 'two', count: 10 })
    expect(await resolved({ environment: { version: 'env' }, files, vars: { version: 'var' } })).toEqual({ version: 'var', count: 10 })
  })

  test('a text in a file is a text, whatever the environment says', async () => {
    const files = [{ path: 'x.json', values: { version: '1', count: '5' } }]
    await expect(resolveParameters(image, { environment: { count: '7' }, files })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    expect(await resolved({ files, vars: { count: '6' } })).toEqual({ version: '1', count: 6 })
  })

  test('every problem at once: unknown names with "did you mean", missing and wrong values', async () => {
    const sources = { vars: { cuont: '1', debug: 'maybe' }, files: [{ path: 'x.json', values: { vesrion: '1' } }] }
    await expect(resolveParameters(image, sources)).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    const message = await resolveParameters(image, sources).catch((error: unknown) => String(error))
    expect(message).toContain("vesrion: there is no parameter 'vesrion' (from x.json) (did you mean 'version'?)")
    expect(message).toContain("cuont: there is no parameter 'cuont' (from --var) (did you mean 'count'?)")
    expect(message).toMatch(/\n {2}version: .*--var version=…/)
    expect(message).toMatch(/\n {2}debug: /)
  })

  test('an unknown name in the environment is none of ours', async () => {
    expect(await resolved({ vars: { version: '1' }, environment: { colour: 'red' } })).toEqual({ version: '1', count: 1 })
  })
})

test('a schema that says nothing of its names is asked by what it lets pass', async () => {
  const versionOf = (value: unknown): string =>
    typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : ''
  const schema: StandardSchemaV1<unknown, { version: string }> = {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: { version: versionOf(value) } }) },
  }
  const opaque = parameterized(schema, ({ version }) => defineImage({ name: 'cow', description: version, builders: { a: thing() } }))
  await expect(resolveParameters(opaque, { vars: { version: '1', vesrion: '2' } })).rejects.toThrow("did you mean 'version'?")
})

test('with() takes values from a script, typed', async () => {
  const image = parameterized(z.object({ version: z.string() }), ({ version }) =>
    defineImage({ name: 'cow', description: version, builders: { a: thing() } }),
  )
  expect((await image.with({ version: '3' })).description).toBe('3')
  await expect(image.with(JSON.parse('{"version":3}'))).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
    issues: [{ path: ['version'] }],
  })
  expect([isParameterized(image), isParameterized(await image.with({ version: '3' }))]).toEqual([true, false])
})

test('names that every object has are names like any other', async () => {
  const image = parameterized(z.object({ version: z.string(), constructor: z.string() }), ({ version }) =>
    defineImage({ name: 'cow', description: version, builders: { a: thing() } }),
  )
  const values = JSON.parse('{"__proto__":{"version":"inherited"}}') as Record<string, string>
  const message = await resolveParameters(image, { files: [{ path: 'x.json', values }] }).catch((error: unknown) => String(error))
  expect(message).toContain("there is no parameter '__proto__' (from x.json)")
  expect(message).toMatch(/version: .*--var version=…/)
  expect(message).toMatch(/constructor: .*--var constructor=…/)
})
