// Checks each package as npm would publish it: what it exports, and that the maps of what is built name sources that are there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

let problems = 0
for (const name of readdirSync('packages')) {
  const pkgDir = join('packages', name)
  const { messages } = await publint({ pkgDir, pack: 'npm', strict: true })
  const manifest = JSON.parse(readFileSync(join(pkgDir, 'package.json'), 'utf8'))
  for (const message of messages) console.error(`${name}: ${formatMessage(message, manifest)}`)
  const lost = lostSources(join(pkgDir, 'dist'))
  for (const { map, source } of lost) console.error(`${name}: ${map} names ${source}, which is not there`)
  problems += messages.length + lost.length
}

/** Sources that maps name and that are not there: left over from a file that is gone, or named from another folder. */
function lostSources(dist) {
  const maps = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.map'))
  return maps.flatMap((map) => {
    const { sources } = JSON.parse(readFileSync(join(dist, map), 'utf8'))
    const isLost = (source) => !source.includes('\0') && !existsSync(join(dist, dirname(map), source))
    return sources.filter(isLost).map((source) => ({ map, source }))
  })
}

console.log(`publint: ${problems} problems`)
process.exitCode = problems === 0 ? 0 : 1
