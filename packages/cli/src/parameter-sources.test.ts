import type { ParameterizedImage, ParameterSources } from '@imago/core'
import { ImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { fakeHost } from '../test/fake-host.ts'
import { sampleImage } from '../test/sample-image.ts'
import { temporaryFolder } from '../test/temporary-folder.ts'
import { fillParameters, readParameters } from './parameter-sources.ts'

describe('readParameters', () => {
  test('takes them from the command line, files and the environment', async () => {
    const cwd = await temporaryFolder({ 'a.json': '{"count": 3}', 'b/c.json': '{}' })
    const host = fakeHost({ cwd, environment: { parameters: { region: 'eu' } } })
    await expect(readParameters(['version=1=2', 'empty='], ['a.json', 'b/c.json'], host)).resolves.toEqual({
      vars: { version: '1=2', empty: '' },
      files: [
        { path: 'a.json', values: { count: 3 } },
        { path: 'b/c.json', values: {} },
      ],
      environment: { region: 'eu' },
    })
  })

  test.each([
    [['version'], [], "--var 'version' is not a name and a value"],
    [['=x'], [], "--var '=x' is not a name and a value"],
    [[], ['nope.json'], "--var-file 'nope.json' cannot be read: nope.json: ENOENT"],
    [[], ['bad.json'], "--var-file 'bad.json' is not JSON: "],
    [[], ['list.json'], "--var-file 'list.json' holds no object"],
    [[], ['null.json'], "--var-file 'null.json' holds no object"],
  ])('refuses %j %j', async (vars, files, message) => {
    const cwd = await temporaryFolder({ 'bad.json': '{', 'list.json': '[]', 'null.json': 'null' })
    await expect(readParameters(vars, files, fakeHost({ cwd }))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
    })
  })
})

describe('fillParameters', () => {
  const image = sampleImage()
  const parameterized = { kind: 'parameterized-image' } as ParameterizedImage // what the fake core is given back

  test('lets the core fill in those that have parameters', async () => {
    const asked: unknown[] = []
    const resolveParameters = (...args: [ParameterizedImage, ParameterSources]): Promise<typeof image> => {
      asked.push(args)
      return Promise.resolve(sampleImage('filled'))
    }
    const sources = { vars: { version: '1' } }
    const definition = { file: 'image.ts', directory: '/home/project', exported: [image, parameterized] }
    const images = await fillParameters(definition, sources, fakeHost({ core: { resolveParameters } }))
    expect(images.map(({ name }) => name)).toEqual(['hello', 'filled'])
    expect(asked).toEqual([[parameterized, sources]])
  })

  test('tells an error of the image file from one of the parameters', async () => {
    const definition = { file: 'image.ts', directory: '/home/project', exported: [parameterized] }
    const wrong = new ImagoError('PARAMETER_INVALID', 'version: missing')
    const fill = async (thrown: Error): Promise<unknown> => {
      const resolveParameters = (): never => {
        throw thrown
      }
      return fillParameters(definition, {}, fakeHost({ core: { resolveParameters } }))
    }
    await expect(fill(wrong)).rejects.toBe(wrong)
    await expect(fill(new TypeError('boom'))).rejects.toMatchObject({ code: 'DEFINITION_INVALID', message: 'image.ts: TypeError: boom' })
  })

  test('refuses values that nobody takes, but not the environment', async () => {
    const definition = { file: 'image.ts', directory: '/home/project', exported: [image] }
    await expect(
      fillParameters(definition, { vars: { a: '1' }, files: [{ path: 'f', values: { b: 2 } }] }, fakeHost()),
    ).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: "image.ts takes no parameters, and is given 'a', 'b'",
    })
    await expect(fillParameters(definition, { environment: { a: '1' } }, fakeHost())).resolves.toEqual([image])
  })
})
