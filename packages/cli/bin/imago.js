#!/usr/bin/env node
// Answers --version without loading anything else, so that it costs no more than Node's own start.
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'

const args = process.argv.slice(2)
if (args[0] === '--version' || args[0] === '-V') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${version}\n`)
} else if (Number.parseInt(process.versions.node, 10) < 20) {
  fail(`this is Node.js ${process.versions.node}`, 'install Node.js 20.19 or newer')
} else if (!existsSync(new URL('../dist/main.js', import.meta.url))) {
  fail('this checkout is not built yet', 'run npm run build in it')
} else {
  module.enableCompileCache?.()
  const { main } = await import('../dist/main.js')
  process.exit(await main(args))
}

function fail(message, hint) {
  process.stderr.write(`imago: ${message}\n  hint: ${hint}\n`)
  process.exitCode = 1
}
