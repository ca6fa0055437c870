import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'

import { expect, it } from 'vitest'

import { plugin } from './plugin.ts'

it('says what works here, and leaves nothing', async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('imago-doctor-'))
  const checks = (await plugin.doctor?.(new AbortController().signal)) ?? []
  expect(checks.map(({ name }) => name)).toEqual(['OCI images: commands', 'OCI images: users', 'OCI images: layers', 'debootstrap'])
  for (const { status, detail } of checks) {
    expect(status).toMatch(/^(?:ok|limited|missing)$/)
    expect(detail).not.toBe('')
  }
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('imago-doctor-') && !before.includes(name))).toEqual([])
})
