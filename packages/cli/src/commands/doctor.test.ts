import type { DoctorCheck } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { fakeHost } from '../../test/fake-host.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { main } from '../main.ts'

type Doctor = () => Promise<readonly DoctorCheck[]>

const works: DoctorCheck = { name: 'engine', status: 'ok', detail: 'version 1' }
const lacks: DoctorCheck = { name: 'engine', status: 'missing', detail: 'no socket', hint: 'start it' }

async function doctor(
  doctors: Readonly<Record<string, Doctor>>,
  args: readonly string[] = [],
): Promise<{ code: number; text: string; cwd: string }> {
  const cwd = await temporaryFolder()
  const host = fakeHost({
    cwd,
    modules: {
      importPackage: (name) => {
        const found = doctors[name]
        return Promise.resolve(found === undefined ? undefined : { plugin: { name, resourceKinds: [], doctor: found } })
      },
    },
  })
  const code = await main(['doctor', ...args], host)
  return { code, text: host.stdout.text, cwd }
}

describe('imago doctor', () => {
  test('shows what works, what is missing, and how to get it', async () => {
    const { code, text, cwd } = await doctor({
      '@imago/builder-docker': () => Promise.resolve([works, lacks]),
      '@imago/builder-oci': () => Promise.resolve([works]),
      '@imago/builder-qemu': () => Promise.resolve([works]),
      '@imago/builder-virtualbox': () => Promise.resolve([works]),
      '@imago/builder-amazon': () => Promise.resolve([works]),
    })
    expect(code).toBe(0)
    expect(text.split('\n').slice(2)).toEqual([
      `  ✓ state folder  ${cwd}/.imago`,
      '',
      '@imago/builder-docker',
      '  ✓ engine        version 1',
      '  ✗ engine        no socket',
      '                  hint: start it',
      '',
      '@imago/builder-oci',
      '  ✓ engine        version 1',
      '',
      '@imago/builder-qemu',
      '  ✓ engine        version 1',
      '',
      '@imago/builder-virtualbox',
      '  ✓ engine        version 1',
      '',
      '@imago/builder-amazon',
      '  ✓ engine        version 1',
      '',
      'this machine can build images',
      '',
    ])
  })

  test('fails when nothing can be built', async () => {
    const { code, text } = await doctor({ '@imago/builder-docker': () => Promise.resolve([lacks]) })
    expect(code).toBe(1)
    expect(text).toContain('hint: npm install --save-dev @imago/builder-oci')
    expect(text).toContain('this machine can build nothing yet')
  })

  test('takes only the first check of a package for what it cannot do without', async () => {
    expect((await doctor({ '@imago/builder-oci': () => Promise.resolve([works, lacks]) })).code).toBe(0)
    expect((await doctor({ '@imago/builder-oci': () => Promise.resolve([lacks, works]) })).code).toBe(1)
  })

  test('goes on when a package breaks', async () => {
    const { code, text } = await doctor({
      '@imago/builder-docker': () => Promise.reject(new Error('boom')),
      '@imago/builder-oci': () => Promise.resolve([{ ...works, status: 'limited' }]),
    })
    expect(code).toBe(0)
    expect(text).toContain('✗ package       boom')
    expect(text).toContain('! engine        version 1')
  })

  test('writes JSON', async () => {
    const { text } = await doctor({ '@imago/builder-oci': () => Promise.resolve([works]) }, ['--json'])
    expect(JSON.parse(text)).toMatchObject({
      canBuild: true,
      examined: expect.arrayContaining([{ name: '@imago/builder-oci', checks: [works] }]),
    })
  })
})
