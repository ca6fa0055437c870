import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { floppyImage } from '../src/index.ts'
import { patient, temporaryFolder } from './folder.ts'

const skipped = reasonToSkip({ mtools: 'mcopy -V', dosfstools: 'PATH="$PATH:/usr/sbin:/sbin" command -v fsck.fat' })

describe.skipIf(skipped !== '')(`floppy images, read by mtools and fsck.fat${skipped}`, () => {
  const checked = (image: string): string => run('/bin/sh', ['-c', 'PATH="$PATH:/usr/sbin:/sbin" fsck.fat -n "$0"', image])
  const read = (image: string, path: string): Buffer => execFileSync('mtype', ['-i', image, `::${path}`])

  test('files, directories and content come back with their names', async () => {
    const directory = await temporaryFolder()
    await mkdir(join(directory, 'drivers/deep'), { recursive: true })
    await mkdir(join(directory, 'drivers/empty'))
    const noise = Buffer.from(Array.from({ length: 100_003 }, (_, index) => (index * 7919) % 251))
    await writeFile(join(directory, 'drivers/deep/a driver with a long name.sys'), noise)
    await writeFile(join(directory, 'autounattend.xml'), '<unattend/>')
    await symlink('autounattend.xml', join(directory, 'LINK.XML'))
    const path = join(directory, 'floppy.img')
    const content = { 'ks.cfg': 'install\n', 'empty.txt': '', 'a/b/c.txt': 'deep', 'grüße.txt': 'greetings' }
    expect(
      await floppyImage({
        files: ['drivers', join(directory, 'autounattend.xml'), 'LINK.XML'],
        content,
        label: 'seeds',
        path,
        directory,
        signal: patient,
      }),
    ).toBe(path)

    checked(path)
    expect(
      run('mdir', ['-i', path, '-b', '-/', '::'])
        .split('\n')
        .toSorted()
        .filter((line) => line !== ''),
    ).toEqual([
      '::/LINK.XML',
      '::/a/',
      '::/a/b/',
      '::/a/b/c.txt',
      '::/autounattend.xml',
      '::/drivers/',
      '::/drivers/deep/',
      '::/drivers/deep/a driver with a long name.sys',
      '::/drivers/empty/',
      '::/empty.txt',
      '::/grüße.txt',
      '::/ks.cfg',
    ])
    expect(run('mlabel', ['-i', path, '-s', '::'])).toContain('SEEDS')
    expect(read(path, '/drivers/deep/a driver with a long name.sys').equals(noise)).toBe(true)
    expect(read(path, '/LINK.XML').toString()).toBe('<unattend/>')
    expect(read(path, '/ks.cfg').toString()).toBe('install\n')
    expect(read(path, '/empty.txt').length).toBe(0)
    expect(read(path, '/a/b/c.txt').toString()).toBe('deep')
  })

  test('whatever the names and contents, the file system is sound', async () => {
    const directory = await temporaryFolder()
    const path = join(directory, 'floppy.img')
    const name = fc.stringMatching(/^[A-Za-z0-9_~. -]{0,20}[A-Za-z0-9_-]$/)
    const contents = fc.dictionary(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      fc.string({ maxLength: 2000 }),
      {
        maxKeys: 12,
      },
    )
    await fc.assert(
      fc.asyncProperty(contents, async (content) => {
        fc.pre(haveNamesOfTheirOwn(Object.keys(content)))
        await floppyImage({ content, path, directory, signal: patient })
        checked(path)
        for (const [file, text] of Object.entries(content)) expect(read(path, `/${file}`).toString()).toBe(text)
      }),
      { numRuns: 15, seed: 20 },
    )
  })
})

test('the same content makes the same bytes', async () => {
  const directory = await temporaryFolder()
  const make = async (name: string): Promise<string> => {
    const path = await floppyImage({ content: { 'b.txt': 'b', 'a.txt': 'a' }, path: join(directory, name), directory, signal: patient })
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  }
  expect(await make('1.img')).toBe(await make('2.img'))
})

test('what does not fit, or cannot be named, is refused', async () => {
  const directory = await temporaryFolder()
  const path = join(directory, 'floppy.img')
  await writeFile(join(directory, 'large.bin'), Buffer.alloc(1_500_000))
  const make = (medium: object): Promise<string> => floppyImage({ ...medium, path, directory, signal: patient })
  await expect(make({ files: ['large.bin'] })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: "'large.bin' does not fit on a floppy disk: it has 1500000 bytes, and 1457664 are left",
  })
  await expect(make({ content: { a: 'x'.repeat(1_457_664), b: 'y' } })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'the files do not fit on a floppy disk, which holds 1.44 MB',
  })
  await expect(make({ content: { 'a:b': '' } })).rejects.toMatchObject({ message: "'a:b' cannot be the name of a file on a floppy disk" })
  await expect(make({ content: { 'a.txt': '', 'A.TXT': '' } })).rejects.toMatchObject({
    message: expect.stringContaining("another file on the floppy disk has the name of 'a.txt'"),
  })
  await expect(make({ content: Object.fromEntries(Array.from({ length: 224 }, (_, index) => [`F${index}`, ''])) })).rejects.toMatchObject({
    message: 'too many files for the root of a floppy disk',
  })
  await expect(make({ files: ['missing.txt'] })).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: expect.stringContaining('missing.txt'),
  })
  await expect(make({ files: ['large.bin', 'a/large.bin'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
}

/** FAT does not tell capitals, and a path cannot go through a file. */
function haveNamesOfTheirOwn(paths: readonly string[]): boolean {
  const lower = paths.map((path) => path.toLowerCase())
  const everySpelling = new Set(paths.flatMap((path) => path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))))
  const everyPlace = new Set([...everySpelling].map((path) => path.toLowerCase()))
  const isPlain = paths.every((path) => path.split('/').every((part) => /^[^ .]/.test(part)))
  return isPlain && everySpelling.size === everyPlace.size && lower.every((path) => !lower.some((other) => other.startsWith(`${path}/`)))
}
