import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { fakeHost } from '../../test/fake-host.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { main } from '../main.ts'

describe('imago init', () => {
  test('writes a project into a folder of its own', async () => {
    const cwd = await temporaryFolder()
    const host = fakeHost({ cwd })
    expect(await main(['init', 'My Cow'], host)).toBe(0)
    const folder = join(cwd, 'My Cow')
    expect((await readdir(folder)).toSorted()).toEqual([
      '.gitignore',
      'README.md',
      'image.test.ts',
      'image.ts',
      'package.json',
      'tsconfig.json',
    ])
    expect(await readFile(join(folder, 'image.ts'), 'utf8')).toContain(`name: 'my-cow'`)
    expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'my-cow', type: 'module' })
    expect(host.stdout.text).toContain('wrote image.ts\n')
    expect(host.stdout.text).toContain('\nNext:\n  cd My Cow\n  npm install\n  npx imago build\n')
  })

  test('leaves files alone that are there already', async () => {
    const cwd = await temporaryFolder({ 'image.ts': 'mine', 'package.json': '{}' })
    const host = fakeHost({ cwd })
    expect(await main(['init'], host)).toBe(0)
    expect(await readFile(join(cwd, 'image.ts'), 'utf8')).toBe('mine')
    expect(host.stdout.text).toContain('kept image.ts, which was there already\n')
    expect(host.stdout.text).toMatch(/\n {2}npm pkg set type=module\n {2}npm install --save-dev @imago\/builder-oci .* typescript vitest\n/)
    expect(host.stdout.text).not.toContain('  cd ')
  })

  test('says when it cannot write', async () => {
    const cwd = await temporaryFolder({ project: 'a file' })
    const host = fakeHost({ cwd })
    expect(await main(['init', 'project'], host)).toBe(1)
    expect(host.stderr.text).toContain(`imago: cannot make the folder ${join(cwd, 'project')}: `)
  })

  test('takes one folder', async () => {
    const host = fakeHost()
    expect(await main(['init', 'a', 'b'], host)).toBe(2)
    expect(host.stderr.text).toContain("one folder is enough, and 'b' is a second one")
  })
})
