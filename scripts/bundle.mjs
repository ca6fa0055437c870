// Writes what each package runs as: one file, and one for each part that is loaded only when it is needed. Node takes longer to find and
// read many small files than to run them, those of small libraries too: what a package imports and lists in its devDependencies is written
// along, with its licence. Types are the compiler's part. What has not changed is left as it is, as it may be in use.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

/** Files of ours, and what Rolldown makes up itself: what stands in for syntax that Node 20 lacks. */
const isFile = /^(?:[./\0]|@oxc-project\/runtime)/
/** The folder of a library, of a file in it. */
const isLibrary = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/
const licences = 'licences-of-libraries.txt'
const packages = fileURLToPath(new URL('../packages', import.meta.url))

/** What several commands use, in one file: to find and read a dozen small ones takes Node 6 ms. */
const sharedByCommands = { name: 'shared', test: /\/cli\/src\//, minShareCount: 2 }

for (const name of process.argv.length > 2 ? process.argv.slice(2) : readdirSync(packages)) await bundlePackage(join(packages, name))

async function bundlePackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const bundle = await rolldown({
    input: entriesOf(folder, manifest),
    external: (id, importer = '') => !isFile.test(id) && !isLibrary.test(importer) && !(id in (manifest.devDependencies ?? {})),
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
    tsconfig: false,
    transform: { target: 'node20.19' },
    checks: { ineffectiveDynamicImport: false },
  })
  const { output } = await bundle.generate({
    dir: join(folder, 'dist'),
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: basename(folder) === 'cli' ? [sharedByCommands] : [] },
  })
  await bundle.close()
  const files = new Map(output.map((file) => [join(folder, 'dist', file.fileName), file.type === 'chunk' ? file.code : file.source]))
  const libraries = output.flatMap(({ moduleIds = [] }) => moduleIds.flatMap((id) => isLibrary.exec(id)?.[0] ?? []))
  if (libraries.length > 0) files.set(join(folder, 'dist', licences), licencesOf(new Set(libraries)))
  for (const path of writtenIn(join(folder, 'dist'))) if (!files.has(path)) rmSync(path)
  for (const path of forgottenTypes(folder)) rmSync(path)
  for (const [path, content] of files) writeChanged(path, content)
}

/** Declarations of what is not in `src` any more, which the compiler leaves behind and npm would publish. */
function forgottenTypes(folder) {
  const ending = /\.d\.ts(?:\.map)?$/
  const isForgotten = (path) => ending.test(path) && !existsSync(join(folder, 'src', path.replace(ending, '.ts')))
  return readdirSync(join(folder, 'dist'), { recursive: true })
    .filter(isForgotten)
    .map((path) => join(folder, 'dist', path))
}

/** What a package exports, and its programs: those import nothing that they do not run. */
function entriesOf(folder, manifest) {
  const exported = Object.values(manifest.exports).map((conditions) => conditions['@imago/source'])
  const programs = readdirSync(join(folder, 'src')).filter((file) => /^(?:.+-)?main\.ts$/.test(file))
  const sources = [...exported, ...programs.map((file) => `./src/${file}`)]
  return Object.fromEntries(sources.map((source) => [source.slice('./src/'.length, -'.ts'.length), join(folder, source)]))
}

function licencesOf(libraries) {
  const texts = [...libraries].map((library) => {
    const file = readdirSync(library).find((name) => /^licen[cs]e/i.test(name))
    return `${basename(library)}\n\n${readFileSync(join(library, file), 'utf8').trim()}\n`
  })
  return texts.join('\n')
}

function writtenIn(dist) {
  mkdirSync(dist, { recursive: true })
  return readdirSync(dist, { recursive: true })
    .filter((path) => /\.js(?:\.map)?$/.test(path) || path === licences)
    .map((path) => join(dist, path))
}

function writeChanged(path, content) {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) utimesSync(path, new Date(), new Date())
  else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}
