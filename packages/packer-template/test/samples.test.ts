import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { Image, ParameterizedImage } from '@imago/core'
import { plan } from '@imago/core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { checkConversion, convertTemplate, inspectTemplate, loadTemplate } from '../src/index.ts'
import type { InspectedBuild, LoadCode, Problem } from '../src/index.ts'
import type { Sample } from './samples.ts'
import { samples, withoutSamples } from './samples.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)
const all = samples()

/** Where the TypeScript is that was written for the samples: inside the repository, so that it finds the packages. */
let folder = ''

beforeAll(async () => {
  await mkdir(join(root, '.imago'), { recursive: true })
  folder = await mkdtemp(join(root, '.imago/samples-'))
  for (const sample of all) await writeFile(join(folder, `${fileName(sample)}.ts`), await codeForCheck(sample))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test(`every conversion of a sample type-checks under strict options${withoutSamples}`, { timeout: 120_000 }, async ({ skip }) => {
  skip(withoutSamples !== '')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(compilerOptions))
  const compiled = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'])
  const output = await compiled.then(
    ({ stdout }) => stdout,
    ({ stdout }: { readonly stdout: string }) => stdout,
  )
  // The packages' own sources are compiled with them, under options that are not theirs.
  expect(output.split('\n').filter((line) => line.includes(basename(folder)))).toEqual([])
})

test(`every conversion of a sample is formatted${withoutSamples}`, async ({ skip }) => {
  skip(withoutSamples !== '')
  const config = join(folder, '.oxfmtrc.json')
  await writeFile(config, JSON.stringify({ printWidth: 100, semi: false, singleQuote: true }))
  const files = all.map((sample) => join(folder, `${fileName(sample)}.ts`))
  const checked = run(process.execPath, [join(root, 'node_modules/oxfmt/bin/oxfmt'), '-c', config, '--list-different', ...files])
  expect(
    await checked.then(
      ({ stdout }) => stdout,
      ({ stdout }: { readonly stdout: string }) => stdout,
    ),
  ).toBe('')
})

test(`every sample and its conversion stand for the same${withoutSamples}`, { timeout: 120_000 }, async ({ skip }) => {
  skip(withoutSamples !== '')
  const rows: string[] = []
  const counts = { samples: all.length, parsed: 0, resolved: 0, planned: 0, converted: 0, same: 0, builds: 0, supported: 0 }
  const unplanned: string[] = []
  for (const sample of all) {
    const { builds } = await inspectTemplate(sample.file, sample.options)
    counts.parsed++
    const plans = await planned(sample)
    // What there is not yet is told of a template whose variables are all resolved; anything else would be thrown.
    counts.resolved++
    if (plans.missing === undefined) counts.planned++
    else unplanned.push(`${sample.name.split('__')[0] ?? ''}: ${plans.missing}`)
    counts.builds += builds.length
    counts.supported += builds.filter(({ supported }) => supported).length
    const { missing } = await convertTemplate(sample.file, sample.options)
    counts.converted++
    const { differences } = await checkConversion(sample.file, sample.options, importWritten(sample))
    expect({ sample: sample.name, differences }).toEqual({ sample: sample.name, differences: [] })
    counts.same++
    rows.push(row(sample, builds, missing))
  }
  const { samples: count, supported, builds, ...others } = counts
  const figures = Object.entries(others).map(([what, number]) => `${number} ${what}`)
  process.stdout.write(
    `\n${rows.join('\n')}\n${count} templates: ${figures.join(', ')}; there are builders for ${supported} of ${builds} builds\n`,
  )
  expect(counts).toEqual({ samples: 67, parsed: 67, resolved: 67, planned: 60, converted: 67, same: 67, builds: 159, supported: 87 })
  expect(unplanned).toEqual([
    'Azure: builders',
    'actions: builders',
    'clong: builders',
    'gusztavvargadr: builders',
    'kubernetes-sigs: builders',
    'mkaczanowski: builders',
    "rgl: there is no provisioner 'windows-update'",
  ])
})

test(`all samples are loaded, resolved and planned in a second${withoutSamples}`, async ({ skip }) => {
  skip(withoutSamples !== '')
  const started = performance.now()
  let builds = 0
  for (const sample of all) builds += (await planned(sample)).builds
  const elapsed = performance.now() - started
  process.stdout.write(`\n${all.length} templates, of which ${builds} builds are planned: ${Math.round(elapsed)} ms\n`)
  expect(builds).toBeGreaterThanOrEqual(80)
  // Five times what it may take on a machine that does nothing else.
  expect(elapsed).toBeLessThan(5000)
})

/** Left out, so that builds are planned that could not be otherwise. */
const postProcessorsNotYet = ['vagrant-cloud', 'atlas']

interface Planned {
  readonly builds: number
  /** What keeps the builds from being planned that there are builders for. */
  readonly missing?: string
}

/** Plans what there are builders for. */
async function planned(sample: Sample): Promise<Planned> {
  const { builds } = await inspectTemplate(sample.file, sample.options)
  const only = builds.filter((build) => build.supported).map(({ name }) => name)
  if (only.length === 0) return { builds: 0, missing: 'builders' }
  try {
    const { image } = await loadTemplate(sample.file, { ...sample.options, only, except: postProcessorsNotYet })
    return { builds: plan(image).builds.length }
  } catch (error) {
    // What there is not yet is told; anything else is wrong.
    const told = [...String(error).matchAll(/there is no (?:counterpart of '\w+' of|provisioner) '[\w-]+'/g)].map(([message]) => message)
    if (told.length === 0) throw error
    return { builds: 0, missing: [...new Set(told)].join(', ') }
  }
}

/** The file that `checkConversion` would load. */
async function codeForCheck(sample: Sample): Promise<string> {
  let written = ''
  const stop = new Error('written')
  await checkConversion(sample.file, sample.options, (code) => {
    written = code
    return Promise.reject(stop)
  }).catch((error: unknown) => {
    if (error !== stop) throw error
  })
  return written
}

function importWritten(sample: Sample): LoadCode {
  return async () => {
    const module: { readonly default: Image | ParameterizedImage } = await import(join(folder, `${fileName(sample)}.ts`))
    return module.default
  }
}

/** Name, builders that there are and are not, and what else there is not. */
function row({ name }: Sample, builds: readonly InspectedBuild[], missing: readonly Problem[]): string {
  const names = (supported: boolean): string =>
    builds
      .filter((build) => build.supported === supported)
      .map(({ type }) => type)
      .join(' ')
  const steps = missing
    .filter(({ message }) => /^there is no (?:provisioner|post-processor) /.test(message))
    .map(({ message }) => /'(.*)'/.exec(message)?.[1] ?? '')
  return `${name.slice(0, 64).padEnd(64)} same | there: ${names(true) || '-'} | not yet: ${names(false) || '-'} | steps not yet: ${[...new Set(steps)].join(' ') || '-'}`
}

function fileName({ name }: Sample): string {
  return name.replace(/\.json$/, '').replaceAll(/[^\w.-]/g, '_')
}

const compilerOptions = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    sourceMap: false,
    noUnusedLocals: true,
    noUnusedParameters: true,
    emitDeclarationOnly: false,
    noEmit: true,
  },
  include: ['*.ts'],
}
