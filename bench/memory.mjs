// The most memory that a process with a file of 4 GB in hand takes.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

export function memoryCases({ work }) {
  const big = join(work, 'four')
  const hasEngine = spawnSync('docker', ['image', 'inspect', 'debian:12']).status === 0
  const kinds = ['compress', 'checksum', ...(hasEngine ? ['upload'] : [])]
  return [
    {
      name: 'memory with a file of 4 GB',
      measure() {
        // random data, repeated: it does not compress, and is written fast
        spawnSync('sh', [
          '-c',
          `head -c 268435456 /dev/urandom > "$0.part"; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat "$0.part"; done > "$0"; rm "$0.part"`,
          big,
        ])
        const peaks = kinds.map((kind) => ({ kind, ...peakOf(kind, big) }))
        rmSync(big)
        return { peaks, note: peaks.map(({ kind, megabytes, seconds }) => `${kind}: ${megabytes} MB RSS, ${seconds} s`).join('; ') }
      },
    },
  ]
}

function peakOf(kind, path) {
  const started = performance.now()
  const result = spawnSync(process.execPath, [resolve('bench/memory-worker.mjs'), kind, path], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`${kind}: exit ${result.status}\n${result.stderr}`)
  const { maxRSS } = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '{}')
  return { megabytes: Math.round(maxRSS / 1000), seconds: Math.round((performance.now() - started) / 100) / 10 }
}
