import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

import { packPath, unpackTo } from '../src/index.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { temporaryFolder, treeOf } from './tree.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ 'gnu-tar': 'tar --version | grep GNU' })

/** A tree with all that is hard about trees. */
async function hardTree(folder: string): Promise<void> {
  const deep = join(folder, 'deep '.repeat(20), 'é'.repeat(60), 'x'.repeat(120))
  await mkdir(deep, { recursive: true })
  await mkdir(join(folder, 'empty'), { mode: 0o711 })
  await writeFile(join(deep, `a 'b' "c"\nd`), 'moo', { mode: 0o640 })
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.alloc(150, 0xff)]), 'not UTF-8')
  await symlink('y'.repeat(150), join(folder, 'far'))
  await symlink('.', join(folder, 'loop'))
  await writeFile(join(folder, 'big'), Buffer.alloc(2_000_000, 'moo '))
}

describe.skipIf(skip !== '')(`beside GNU tar${skip}`, () => {
  it('packs what GNU tar unpacks', async () => {
    const folder = await temporaryFolder()
    const [source, target, archive] = ['source', 'target', 'a.tar'].map((name) => join(folder, name)) as [string, string, string] // three in, three out
    await hardTree(source)
    await mkdir(target)
    await pipeline(packPath(source, { name: '' }), createWriteStream(archive))
    const { stderr } = await run('tar', ['-xpf', archive, '-C', target])
    expect(stderr).toBe('')
    expect(await treeOf(target)).toEqual(await treeOf(source))
  })

  it.each(['gnu', 'ustar', 'v7', 'pax'])('unpacks what GNU tar packs as %s', async (format) => {
    const folder = await temporaryFolder()
    const source = join(folder, 'source')
    await (format === 'gnu' ? hardTree(source) : mkdir(join(source, 'd'), { recursive: true }))
    await writeFile(join(source, 'plain'), 'moo')
    await run('tar', ['-cf', join(folder, 'a.tar'), `--format=${format}`, '-C', folder, 'source'])
    await unpackTo(createReadStream(join(folder, 'a.tar')), join(folder, 'target'), { stripName: 'source' })
    expect(await treeOf(join(folder, 'target'))).toEqual(await treeOf(source))
  })

  it('refuses a name that it cannot keep', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'source'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/source/`), Buffer.alloc(150, 0xff)]), '')
    await run('tar', ['-cf', join(folder, 'a.tar'), '--format=pax', '-C', folder, 'source'])
    await expect(unpackTo(createReadStream(join(folder, 'a.tar')), join(folder, 'target'))).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: expect.stringContaining('is not UTF-8'),
    })
  })

  it('packs a file of more than 8 GB', async () => {
    const folder = await temporaryFolder()
    const handle = await open(join(folder, 'huge'), 'w')
    await handle.truncate(9 * 1024 ** 3)
    await handle.close()
    const listing = run('tar', ['-tvf', '-'])
    const stream = packPath(join(folder, 'huge'), { name: 'huge' })
    // The list needs no more than the header.
    listing.child.stdin?.on('error', () => stream.destroy())
    for await (const chunk of stream) {
      listing.child.stdin?.end(chunk)
      break
    }
    const listed = await listing.catch((error: unknown) => error)
    expect(listed).toHaveProperty('stdout', expect.stringContaining(String(9 * 1024 ** 3)))
  })
})
