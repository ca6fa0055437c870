import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { cdImage, noCloudFiles, noCloudLabel } from '../src/index.ts'
import { patient, temporaryFolder } from './folder.ts'

const skipped = reasonToSkip({ xorriso: 'xorriso -version' })

describe.skipIf(skipped !== '')(`CD images, read by xorriso${skipped}`, () => {
  const xorriso = (image: string, ...args: readonly string[]): string =>
    execFileSync('xorriso', ['-osirrox', 'on', '-indev', image, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

  test('files, directories and content come back, and nothing is left beside the image', async () => {
    const directory = await temporaryFolder()
    const work = join(directory, 'work')
    await mkdir(join(directory, 'drivers/empty'), { recursive: true })
    await mkdir(work)
    const name = `${'long '.repeat(16)}name.inf`
    await writeFile(join(directory, 'drivers', name), 'a driver')
    await symlink(join('drivers', name), join(directory, 'link.inf'))
    await writeFile(join(directory, 'secret.key'), 'key')
    await chmod(join(directory, 'secret.key'), 0o600)
    const path = join(work, 'seed.iso')
    const content = { ...noCloudFiles({ userData: { hostname: 'cow' }, metaData: 'instance-id: 1\n' }), 'a=b/c d.txt': 'odd' }
    const files = ['drivers', 'link.inf', 'secret.key']
    expect(await cdImage({ files, content, label: noCloudLabel, path, directory, signal: patient })).toBe(path)

    expect(await readdir(work)).toEqual(['seed.iso'])
    expect(xorriso(path, '-pvd_info')).toContain('Volume Id    : cidata')
    const copy = join(directory, 'copy')
    xorriso(path, '-extract', '/', copy)
    const read = (file: string): string => execFileSync('cat', [join(copy, file)], { encoding: 'utf8' })
    expect(read(`drivers/${name}`)).toBe('a driver')
    expect(read('link.inf')).toBe('a driver')
    expect(read('a=b/c d.txt')).toBe('odd')
    expect(read('user-data')).toBe('#cloud-config\n{\n  "hostname": "cow"\n}\n')
    expect(read('meta-data')).toBe('instance-id: 1\n')
    expect(await readdir(join(copy, 'drivers'))).toEqual(['empty', name].toSorted())
    // everybody in the guest can read them, whoever had them here
    expect(xorriso(path, '-lsl', '/secret.key')).toMatch(/^-r--r--r-- .* 0 +0 .*secret\.key/m)
  })

  test('the Joliet tree, which Windows reads, has the long names too', async () => {
    const directory = await temporaryFolder()
    const path = await cdImage({
      content: { 'Autounattend-for-servers.xml': '<a/>' },
      path: join(directory, 'a.iso'),
      directory,
      signal: patient,
    })
    expect(
      execFileSync('xorriso', ['-read_fs', 'norock', '-indev', path, '-find', '/'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ).toContain("'/Autounattend-for-servers.xml'")
  })

  test('an unreadable place, a missing file and a cancelled run leave nothing', async () => {
    const directory = await temporaryFolder()
    const path = join(directory, 'a.iso')
    const cancelled = AbortSignal.abort()
    await expect(cdImage({ files: ['nowhere'], path, directory, signal: patient })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(cdImage({ content: { a: 'a' }, path, directory, signal: cancelled })).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(cdImage({ content: { a: 'a' }, path: join(directory, 'no/a.iso'), directory, signal: patient })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
    })
    expect(await readdir(directory)).toEqual([])
  })
})

test('without a program that makes CD images, the error says what to install', async () => {
  const directory = await temporaryFolder()
  vi.stubEnv('PATH', directory)
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(cdImage({ content: { a: 'a' }, path: join(directory, 'a.iso'), directory, signal: patient })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: 'no program that makes CD images is on this machine: xorriso, genisoimage, mkisofs, hdiutil',
    hint: expect.stringContaining('apt-get install xorriso'),
  })
})

test('a program that fails is quoted', async () => {
  const directory = await temporaryFolder()
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  await writeFile(join(directory, 'xorriso'), '#!/bin/sh\n[ "$1" = --version ] || { echo "no burner in sight" >&2; exit 5; }\n', {
    mode: 0o755,
  })
  await expect(cdImage({ content: { a: 'a' }, path: join(directory, 'a.iso'), directory, signal: patient })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: "'xorriso' cannot make the CD image: no burner in sight",
    exitCode: 5,
  })
})

const skippedToo = reasonToSkip({ xorriso: 'xorriso -version', genisoimage: 'genisoimage --version' })

test.skipIf(skippedToo !== '')(`genisoimage does where xorriso is not${skippedToo}`, async () => {
  const directory = await temporaryFolder()
  await symlink(execFileSync('/bin/sh', ['-c', 'command -v genisoimage'], { encoding: 'utf8' }).trim(), join(directory, 'genisoimage'))
  vi.stubEnv('PATH', directory)
  onTestFinished(() => void vi.unstubAllEnvs())
  const path = await cdImage({
    content: { 'user-data': 'x' },
    label: noCloudLabel,
    path: join(directory, 'a.iso'),
    directory,
    signal: patient,
  })
  vi.unstubAllEnvs()
  const found = execFileSync('xorriso', ['-indev', path, '-pvd_info', '-find', '/'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(found).toContain('Volume Id    : cidata')
  expect(found).toContain("'/user-data'")
})
