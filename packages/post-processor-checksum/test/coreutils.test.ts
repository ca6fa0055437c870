import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { ChecksumAlgorithm } from '../src/checksum.ts'
import { checksum } from '../src/checksum.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-checksum-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const algorithms: readonly ChecksumAlgorithm[] = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']

/** @throws when `IMAGO_REQUIRE` names coreutils, and they are not here */
function lacksCoreutils(): boolean {
  const lacks = !spawnSync('sha256sum', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU coreutils')
  if (lacks && (process.env['IMAGO_REQUIRE'] ?? '').split(',').includes('coreutils')) throw new Error('there are no GNU coreutils here')
  return lacks
}

test.skipIf(lacksCoreutils())('the programs of GNU coreutils take the files (needs coreutils)', async () => {
  const names = [
    'a.img',
    'deep/er/b.img',
    'a "name", with\nnewline',
    'back\\slash',
    '-dash',
    ' space',
    'ünïcödé',
    'carriage\rreturn',
    'end\r',
  ]
  for (const name of names) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), name)
  }
  const files = names.map((name) => ({ path: join(directory, name), size: Buffer.byteLength(name) }))
  const context = postProcessContext({ directory, image: 'cow', build: 'docker' })
  await checksum({ algorithms }).process({ type: 'files', id: 'x', files }, context)
  for (const algorithm of algorithms) {
    const sums = `cow-docker.${algorithm}`
    execFileSync(`${algorithm}sum`, ['--strict', '--quiet', '-c', sums], { cwd: directory })
  }
  await writeFile(join(directory, 'a.img'), 'changed')
  expect(spawnSync('sha256sum', ['--status', '-c', 'cow-docker.sha256'], { cwd: directory }).status).toBe(1)
})
