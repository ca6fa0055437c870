// How long templates of Packer take to become plans: many of them, in one process.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** A folder of templates, and one of files with values for the variables of some, by the same names. */
const folder = process.env.BENCH_TEMPLATES ?? resolve('../shared/templates/json')
const values = resolve('packages/packer-template/test/fixtures')

export function templateCases() {
  return [
    {
      name: 'templates loaded, resolved and planned in one process',
      measure() {
        if (!existsSync(folder)) return { note: `no templates in ${folder}` }
        const rounds = Array.from({ length: Number(process.env.BENCH_RUNS ?? 5) }, planAll).toSorted((a, b) => a.seconds - b.seconds)
        const { templates, builds, seconds } = rounds[Math.floor(rounds.length / 2)]
        return { seconds: { imago: seconds }, note: `${templates} templates, of which ${builds} builds are planned` }
      },
    },
  ]
}

function planAll() {
  const worker = spawnSync(process.execPath, [resolve('bench/template-worker.mjs'), folder, values], { encoding: 'utf8' })
  if (worker.status !== 0) throw new Error(`exit ${worker.status}\n${worker.stderr}`)
  return JSON.parse(worker.stdout)
}
