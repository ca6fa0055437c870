// Times Imago and its peers side by side, in one run: npm run bench [-- name…]
// Prints a table and writes bench-results.json. A peer that is not installed is left out, and said to be.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'

import { amazonCases } from './amazon.mjs'
import { archiveCases } from './archives.mjs'
import { cacheCases } from './cache.mjs'
import { commandLineCases } from './command-line.mjs'
import { dockerCases } from './docker.mjs'
import { memoryCases } from './memory.mjs'
import { qemuCases } from './qemu.mjs'
import { sshCases } from './ssh.mjs'
import { templateCases } from './templates.mjs'
import { virtualboxCases } from './virtualbox.mjs'

// Node reads such certificates at each start, whoever needs them: 40 ms that no other contender has
delete process.env.NODE_EXTRA_CA_CERTS

const runs = Number(process.env.BENCH_RUNS ?? 5)
const wanted = process.argv.slice(2)

// beside the packages, so that image files find them
const work = mkdtempSync(resolve('node_modules/.imago-bench-'))
const tools = {
  work,
  imago: [process.execPath, resolve('packages/cli/bin/imago.js')],
  has: (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
  file: (name, content) => {
    const path = join(work, name)
    writeFileSync(path, content)
    return path
  },
}

const results = []
try {
  for (const make of [
    commandLineCases,
    templateCases,
    dockerCases,
    cacheCases,
    sshCases,
    qemuCases,
    virtualboxCases,
    amazonCases,
    archiveCases,
    memoryCases,
  ]) {
    for (const testCase of make(tools).filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))) {
      results.push(testCase.measure === undefined ? compare(testCase) : { name: testCase.name, ...testCase.measure() })
      print(results.at(-1))
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGB: Math.round(totalmem() / 1e9), node: process.version }
writeFileSync('bench-results.json', `${JSON.stringify({ date: new Date().toISOString(), runs, machine, results }, null, 2)}\n`)

/** Runs each contender `runs` times, in turn, so that all meet the same machine; one that takes minutes, `once`. */
function compare({ name, contenders, prepare, settleSeconds = 0 }) {
  const present = contenders.filter(({ needs }) => needs === undefined || tools.has(needs))
  prepare?.()
  const times = new Map(present.map(({ label }) => [label, []]))
  for (let round = 0; round < runs; round++) {
    for (const { label, command, before, cwd, env, once } of present) {
      if (once === true && round > 0) continue
      before?.()
      if (settleSeconds > 0) spawnSync('sh', ['-c', `sync; sleep ${settleSeconds}`])
      const started = performance.now()
      const result = spawnSync(command[0], command.slice(1), {
        encoding: 'utf8',
        cwd: cwd ?? work,
        env: { ...process.env, CHECKPOINT_DISABLE: '1', ...env },
        maxBuffer: 1 << 28,
      })
      times.get(label).push(performance.now() - started)
      if (result.status !== 0) throw new Error(`${name}, ${label}: exit ${result.status}\n${result.stdout}\n${result.stderr}`)
    }
  }
  const seconds = Object.fromEntries([...times].map(([label, values]) => [label, median(values) / 1000]))
  const sizes = Object.fromEntries(present.flatMap(({ label, size }) => (size === undefined ? [] : [[label, size()]])))
  const missing = contenders.filter((contender) => !present.includes(contender)).map(({ label }) => label)
  return { name, seconds, ...(Object.keys(sizes).length > 0 && { sizes }), ...(missing.length > 0 && { missing }) }
}

function print({ name, seconds, sizes, missing, note }) {
  console.log(`\n${name}`)
  if (note !== undefined) console.log(`  ${note}`)
  const own = seconds?.imago
  for (const [label, value] of Object.entries(seconds ?? {})) {
    const ratio = label === 'imago' || own === undefined ? '' : `${(value / own).toFixed(2)} × imago`
    const size = sizes?.[label] === undefined ? '' : `${(sizes[label] / 1e6).toFixed(1)} MB`
    console.log(`  ${label.padEnd(24)} ${value.toFixed(3).padStart(8)} s  ${size.padStart(10)}  ${ratio}`)
  }
  for (const label of missing ?? []) console.log(`  ${label.padEnd(24)} not installed`)
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
