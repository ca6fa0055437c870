// Plans all templates of a folder, and says how long that took, the loading of code included: node bench/template-worker.mjs FOLDER VALUES
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = '', values = ''] = process.argv.slice(2)
const started = performance.now()
const { plan } = await import('@imago/core')
const { inspectTemplate, loadTemplate } = await import('@imago/packer-template')

const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
let builds = 0
for (const name of names) builds += await plannedBuilds(name)
console.log(JSON.stringify({ templates: names.length, builds, seconds: (performance.now() - started) / 1000 }))

/** Plans what there are builders for. */
async function plannedBuilds(name) {
  const file = { path: name, text: readFileSync(join(folder, name), 'utf8') }
  const path = join(values, name.replace('@hist', ''))
  const files = existsSync(path) ? [{ path, text: readFileSync(path, 'utf8') }] : []
  const options = { directory: folder, variables: { files } }
  const { builds: all } = await inspectTemplate(file, options)
  const only = all.filter(({ supported }) => supported).map((build) => build.name)
  if (only.length === 0) return 0
  try {
    const { image } = await loadTemplate(file, { ...options, only, except: ['atlas', 'vagrant-cloud'] })
    return plan(image).builds.length
  } catch (error) {
    if (!/there is no counterpart|needs what there is not yet/.test(String(error))) throw error
    return 0
  }
}
