import type { FilesArtifact } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { compress } from './compress.ts'
import type { CompressOptions } from './compress.ts'

describe('validation', () => {
  const messages = (options: CompressOptions): string[] =>
    (compress(options).validate?.() ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

  test.each<[CompressOptions]>([
    [{}],
    [{ output: 'a.tar.gz' }],
    [{ output: 'A.TGZ', level: 0 }],
    [{ output: 'a.tar.zst', level: 22, threads: 64 }],
    [{ output: 'a.tar' }],
    [{ output: 'a.zip', level: 9 }],
    [{ output: 'a.img.gz' }],
    [{ output: 'a.box', format: 'tar.gz', level: 9 }],
    [{ output: ({ buildName }) => `${buildName}.whatever`, level: 22 }],
  ])('%j is right', (options) => {
    expect(messages(options)).toEqual([])
  })

  test.each<[CompressOptions, string[]]>([
    [{ output: 'a.rar' }, ["output: 'a.rar' does not say which format to write"]],
    [{ output: '' }, ['output: must not be empty, not ""']],
    [{ level: 10 }, ['level: must be 0 to 9 for tar.gz, not 10']],
    [{ output: 'a.zst', level: 0 }, ['level: must be 1 to 22 for zst, not 0']],
    [{ output: 'a.tar', level: 3 }, ['level: tar has no levels']],
    [{ output: 'a.zip', threads: 2 }, ['threads: zip is written by one core']],
    [{ level: 1.5, threads: 0 }, ['level: must be a whole number, not 1.5', 'threads: must be 1 or more, not 0']],
  ])('%j is wrong', (options, expected) => {
    expect(messages(options)).toEqual(expected)
  })

  test('values that come from data', () => {
    const data: object = { output: 5, format: 'rar', levle: 3 }
    expect(
      compress(data)
        .validate?.()
        .map(({ path, message, hint }) => [path.join('.'), message, hint]),
    ).toEqual([
      ['output', 'must be a string, not 5', undefined],
      ['format', expect.stringContaining("must be 'tar.gz' or"), undefined],
      ['levle', "unknown option 'levle'", "did you mean 'level'?"],
    ])
  })

  test('an unknown ending comes with the known ones', () => {
    expect(compress({ output: 'a.rar' }).validate?.()[0]?.hint).toBe(
      'end it in one of .tar.gz, .tgz, .tar.zst, .tzst, .tar, .zip, .gz, .zst; or say it with format',
    )
  })
})

test('it names its output, as far as that is known beforehand', () => {
  expect(compress({ output: 'a.zip' }).outputs?.()).toEqual([{ path: 'a.zip', at: ['output'] }])
  expect(compress({ output: () => 'a.zip' }).outputs?.()).toEqual([])
  expect(compress().outputs?.()).toEqual([])
})

test('common options are apart from its own', () => {
  const step = compress({ output: 'a.tar', only: ['vm'], timeout: '5m', keepInputArtifact: true })
  expect(step).toMatchObject({ only: ['vm'], timeout: '5m', keepInputArtifact: true, input: 'removed', takes: 'files' })
  expect(step.options).toEqual({ output: 'a.tar' })
  expect(step.title).toBe('a.tar')
})

test('an artifact without files is an error', async () => {
  const nothing: FilesArtifact = { type: 'files', id: 'nothing', files: [] }
  const { postProcessContext } = await import('@imago/testing')
  await expect(compress().process(nothing, postProcessContext())).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: 'the artifact has no files, so there is nothing to compress',
  })
})
