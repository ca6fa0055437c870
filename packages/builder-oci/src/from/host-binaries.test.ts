import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hostFiles } from './host-binaries.ts'

const { signal } = new AbortController()

describe.runIf(process.platform === 'linux')('hostFiles', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-host-'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  const script = async (name: string, firstLine: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, `${firstLine}\n`)
    await chmod(path, 0o755)
    return path
  }

  it('takes a program with its links, its loader and its libraries', async () => {
    const files = await hostFiles(['sh'], signal)
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual(paths.toSorted())
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.some((path) => path.endsWith('/sh'))).toBe(true)
    expect(files.filter(({ kind, content }) => kind === 'file' && content === undefined).length).toBeGreaterThan(0)
    expect(files).toContainEqual({ path: '/tmp', kind: 'directory', mode: 0o1777 })
    for (const { path, kind, target } of files.filter((file) => file.kind === 'symlink')) {
      expect([path, kind, target]).toEqual([path, 'symlink', expect.stringMatching(/./)])
    }
  })

  it('takes the interpreter of a script, and the program that env looks for', async () => {
    const paths = (await hostFiles([await script('plain', '#!/bin/sh'), await script('env', '#!/usr/bin/env -S A=1 cat -u')], signal)).map(
      ({ path }) => path,
    )
    expect(paths).toContain(join(folder, 'plain'))
    for (const name of ['sh', 'env', 'cat']) expect(paths.some((path) => path.endsWith(`/${name}`))).toBe(true)
  })

  it('reports a program that does not exist, and one that is none', async () => {
    await expect(hostFiles(['imago-no-such-program'], signal)).rejects.toMatchObject({ code: 'TOOL_MISSING' })
    await expect(hostFiles([await script('text', 'just text')], signal)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(hostFiles([await script('orphan', '#!/imago/no-such-interpreter')], signal)).rejects.toMatchObject({
      code: 'TOOL_MISSING',
    })
  })
})
