import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { buildContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { DiskPlan } from './machine-disks.ts'
import { makeDisks } from './machine-disks.ts'
import { QemuImg } from './qemu-img.ts'
import { takeDisks } from './take-disks.ts'

/** Stands for `qemu-img`: notes its arguments, makes the file that would be made, and says of any image that it has a gibibyte. */
const standIn = `#!/bin/sh
echo "$*" >>"\${0%/*}/calls"
case $1 in
  info) echo '{ "format": "qcow2", "virtual-size": 1073741824 }' ;;
  convert) for word; do :; done; : >"$word" ;;
  create) for word; do case $word in *.qcow2) : >"$word" ;; esac; done ;;
esac
`

const signal = AbortSignal.timeout(60_000)
let folder = ''
let img = new QemuImg()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-qemu-img-'))
  await writeFile(join(folder, 'img'), standIn, { mode: 0o755 })
  img = new QemuImg(join(folder, 'img'))
})
afterEach(async () => await rm(folder, { recursive: true }))

async function calls(): Promise<readonly string[]> {
  const noted = await readFile(join(folder, 'calls'), 'utf8')
  return noted.trim().replaceAll(`${folder}/`, '').split('\n')
}

async function made(options: DiskPlan['options'], base?: string): Promise<readonly string[]> {
  await makeDisks(img, { options, base, folder, signal })
  return await calls()
}

describe('making disks', () => {
  test('empty ones', async () => {
    const imgArgs = { create: ['-o', 'cluster_size=2M'] }
    expect(await made({ diskSize: 1024, extraDisks: [{ size: 2048 }], imgArgs })).toEqual([
      'create -q -f qcow2 -o cluster_size=2M disk0.qcow2 1024',
      'create -q -f qcow2 -o cluster_size=2M disk1.qcow2 2048',
    ])
  })

  test('on top of an image, which grows when it is made', async () => {
    expect(await made({ diskSize: '2g' }, '/base')).toEqual([
      'info --output=json -U /base',
      'create -q -f qcow2 -b /base -F qcow2 disk0.qcow2 2147483648',
    ])
  })

  test('on top of an image, which gets another size in its own way', async () => {
    expect(await made({ diskSize: '512m', imgArgs: { resize: ['--shrink'] } }, '/base')).toEqual([
      'info --output=json -U /base',
      'create -q -f qcow2 -b /base -F qcow2 disk0.qcow2',
      'resize -q -f qcow2 --shrink disk0.qcow2 536870912',
    ])
    await expect(made({ diskSize: '512m', imgArgs: { resize: ['--preallocation=off'] } }, '/base')).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
    })
  })
})

test('writing a disk that stands on its own is a move, unless there are arguments', async () => {
  const result = { format: 'qcow2', path: 'out/cow.qcow2' } as const
  const ctx = buildContext({ directory: folder, workDirectory: folder })
  const taken = async (convertArgs?: readonly string[]): Promise<readonly string[]> => {
    const disks = await makeDisks(img, { options: { diskSize: 1024 }, base: undefined, folder, signal })
    await rm(join(folder, 'calls'))
    await takeDisks(
      img,
      result,
      { disks: disks.tops, nvram: undefined, rootfs: undefined, arch: 'x86_64', convertArgs },
      { ctx, step: ctx },
    )
    return (await calls()).filter((call) => !call.startsWith('info'))
  }
  expect(await taken()).toEqual([])
  expect(await taken(['-o', 'lazy_refcounts=on'])).toEqual([
    expect.stringMatching(/^convert -p -f qcow2 -O qcow2 -o lazy_refcounts=on disk0\.qcow2 out\/\S+$/),
  ])
})
