// The TypeScript of README and docs: every block is type-checked, and those marked `ts run`, or `ts test` for Vitest, are run.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Inside the repository, so that the packages resolve. */
const folder = 'node_modules/.cache/imago-code-blocks'

const pages = [
  'README.md',
  ...listed('docs'),
  ...listed('packages').filter((path) => path.endsWith('/README.md')),
  ...listed('examples'),
].filter((path) => path.endsWith('.md') && !path.includes('node_modules/'))
const blocks = pages.flatMap(blocksOf)

rmSync(folder, { recursive: true, force: true })
for (const block of blocks) {
  mkdirSync(dirname(block.file), { recursive: true })
  writeFileSync(block.file, block.code)
}
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: relative(folder, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      emitDeclarationOnly: false,
      rewriteRelativeImportExtensions: true,
      isolatedDeclarations: false,
      sourceMap: false,
      outDir: 'out',
      rootDir: '.',
      noUnusedLocals: false,
    },
    include: ['**/*.ts'],
  }),
)
const compiled = spawnSync('node_modules/.bin/tsc', ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' })
process.stderr.write(compiled.stdout)
if (compiled.status !== 0) process.exit(1)

const runnable = blocks.filter(({ run }) => run)
for (const block of runnable) {
  const script = join(folder, 'out', relative(folder, block.file).replace(/\.ts$/, '.js'))
  const result = spawnSync(process.execPath, [script], { encoding: 'utf8', cwd: '.', timeout: 120_000 })
  if (result.status === 0) continue
  console.error(`${block.where}: exit ${result.status}\n${result.stdout}${result.stderr}`)
  process.exitCode = 1
}
const tests = blocks.filter(({ test }) => test)
writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {}\n')
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', folder, '--dir', join(folder, 'out'), '--reporter', 'json', '-u'] // new snapshots
const tested = spawnSync(process.execPath, vitest, { encoding: 'utf8', timeout: 120_000 })
if (tested.status !== 0 || JSON.parse(tested.stdout).testResults.length !== tests.length) {
  console.error(`tests in code blocks: exit ${tested.status}\n${tested.stdout}${tested.stderr}`)
  process.exitCode = 1
}
console.log(`code blocks: ${blocks.length} type-checked, ${runnable.length} run, ${tests.length} run by Vitest, from ${pages.length} pages`)

function listed(root) {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
}

function blocksOf(page) {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```ts(?<marks>[^\n]*)\n(?<code>.*?)^```$/gms)].map((match, index) => {
    const marks = match.groups.marks.trim().split(' ')
    const test = marks.includes('test')
    return {
      where: `${page}, block ${index + 1}`,
      // each block is a module of its own
      code: `${match.groups.code}\nexport {}\n`,
      run: marks.includes('run'),
      test,
      file: join(folder, `${page.replaceAll(/[/.]/g, '_')}_${index + 1}${test ? '.test' : ''}.ts`),
    }
  })
}
