import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const packages = readdirSync('packages')

test.for<string>(packages)('%s has its page, its licence and the files that every package has', (name) => {
  const files = ['README.md', 'LICENSE', 'package.json', 'tsconfig.json', 'src/index.ts', 'src/index.test.ts']
  expect(files.filter((file) => !existsSync(join('packages', name, file)))).toEqual([])
  expect(manifestOf(name)).toMatchObject({ name: `@imago/${name}`, license: 'MIT', engines: { node: '>=20.19' } })
})

test('every package is on the page of packages', () => {
  const page = readFileSync('docs/packages.md', 'utf8')
  expect(packages.filter((name) => !page.includes(`../packages/${name}/README.md`))).toEqual([])
})

const isPlugin = (name: string): boolean => /^(builder|provisioner|post-processor)-/.test(name)

test('a plugin imports no plugin, nobody imports the command line, and core imports nothing of ours', () => {
  const edges = packages.flatMap((from) => dependenciesOf(from).map((to) => ({ from, to })))
  const forbidden = edges.filter(({ from, to }) => from === 'core' || to === 'cli' || (isPlugin(from) && isPlugin(to)))
  expect(edges.length).toBeGreaterThan(packages.length)
  expect(forbidden).toEqual([])
})

/** The packages of ours that a package imports. */
function dependenciesOf(name: string): string[] {
  const { dependencies = {} } = manifestOf(name)
  return Object.keys(dependencies).flatMap((dependency) => (dependency.startsWith('@imago/') ? [dependency.slice('@imago/'.length)] : []))
}

function manifestOf(name: string): { readonly dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'))
}
