import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const packages = readdirSync('packages')

test.for(packages)('%s has its page, its licence and the files that every package has', (name) => {
  for (const file of ['README.md', 'package.json', 'tsconfig.json', 'src/index.ts', 'src/index.test.ts'])
    expect(existsSync(join('packages', name, file)), file).toBe(true)
  expect(JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'))).toMatchObject({
    name: `@imago/${name}`,
    license: 'MIT',
    engines: { node: '>=20.19' },
  })
})

test('every package is on the page of packages', () => {
  const page = readFileSync('docs/packages.md', 'utf8')
  expect(packages.filter((name) => !page.includes(`../packages/${name}/README.md`))).toEqual([])
})

const plugins = /^(builder|provisioner|post-processor)-/

test('a plugin imports no plugin, and nobody imports the command line', () => {
  for (const name of packages) {
    const { dependencies = {} } = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    const ours = Object.keys(dependencies).flatMap((dependency) =>
      dependency.startsWith('@imago/') ? [dependency.slice('@imago/'.length)] : [],
    )
    if (name === 'core') expect(ours).toEqual([])
    expect(ours).not.toContain('cli')
    if (plugins.test(name)) expect(ours.filter((dependency) => plugins.test(dependency))).toEqual([])
  }
})
