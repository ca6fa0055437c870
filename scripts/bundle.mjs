// Writes what each package runs as: one file, and one for each part that is loaded only when it is needed. Node takes longer to find and
// read many small files than to run them. Types are the compiler's part. What has not changed is left as it is, as it may be in use.
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

for (const name of process.argv.length > 2 ? process.argv.slice(2) : readdirSync(packages)) await bundlePackage(join(packages, name))

async function bundlePackage(folder) {
  const bundle = await rolldown({
    input: entriesOf(folder),
    external: /^(?!@oxc-project\/runtime)[^./\0]/, // what stands in for syntax that Node 20 lacks is written along
    platform: 'node',
    tsconfig: false,
    transform: { target: 'node20.19' },
    checks: { ineffectiveDynamicImport: false },
  })
  const { output } = await bundle.generate({ format: 'esm', sourcemap: true, chunkFileNames: '[name].js' })
  await bundle.close()
  const files = new Map(output.map((file) => [join(folder, 'dist', file.fileName), file.type === 'chunk' ? file.code : file.source]))
  for (const path of scriptsIn(join(folder, 'dist'))) if (!files.has(path)) rmSync(path)
  for (const [path, content] of files) writeChanged(path, content)
}

/** What a package exports, and its programs: those import nothing that they do not run. */
function entriesOf(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const exported = Object.values(manifest.exports).map((conditions) => conditions['@imago/source'])
  const programs = readdirSync(join(folder, 'src')).filter((file) => /^(?:.+-)?main\.ts$/.test(file))
  const sources = [...exported, ...programs.map((file) => `./src/${file}`)]
  return Object.fromEntries(sources.map((source) => [source.slice('./src/'.length, -'.ts'.length), join(folder, source)]))
}

function scriptsIn(dist) {
  mkdirSync(dist, { recursive: true })
  return readdirSync(dist, { recursive: true })
    .filter((path) => /\.js(?:\.map)?$/.test(path))
    .map((path) => join(dist, path))
}

function writeChanged(path, content) {
  try {
    if (readFileSync(path, 'utf8') === content) return utimesSync(path, new Date(), new Date())
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
