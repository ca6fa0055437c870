import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import { Journal, readJournals } from './journal.ts'

const record = { runId: 'run00001', image: 'cow', build: 'a', kind: 'thing', package: 'shelf', data: {} }

test('after a full disk has cut a line in half, the next line is whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-journal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const journal = await Journal.create(folder, { runId: 'run00001', owner: 'me', startedAt: '2026-01-01T00:00:00Z' })
  const probe = await open(join(folder, 'probe'), 'w')
  const prototype = Object.getPrototypeOf(probe) as Pick<FileHandle, 'appendFile'>
  await probe.close()
  const original = prototype.appendFile
  const full = vi.spyOn(prototype, 'appendFile').mockImplementationOnce(async function (this: FileHandle, data) {
    await original.call(this, String(data).slice(0, 20))
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  })
  await expect(journal.intend({ ...record, name: 'one' })).rejects.toMatchObject({ code: 'DISK_FULL' })
  full.mockRestore()
  expect(journal.left).toEqual([])
  await journal.intend({ ...record, name: 'two' })
  const [read] = await readJournals(folder)
  expect(read?.left.map((entry) => entry.record.name)).toEqual(['two'])
  await journal.close()
  expect(await readFile(join(folder, 'journal', 'run00001.jsonl'), 'utf8')).toContain('"finished"')
})
