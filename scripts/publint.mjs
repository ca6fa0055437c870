// Checks each package as npm would publish it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

let problems = 0
for (const name of readdirSync('packages')) {
  const pkgDir = join('packages', name)
  const { messages } = await publint({ pkgDir, pack: 'npm', strict: true })
  const manifest = JSON.parse(readFileSync(join(pkgDir, 'package.json'), 'utf8'))
  for (const message of messages) console.error(`${name}: ${formatMessage(message, manifest)}`)
  problems += messages.length
}
console.log(`publint: ${problems} problems`)
process.exitCode = problems === 0 ? 0 : 1
