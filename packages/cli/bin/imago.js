#!/usr/bin/env node
// Answers --version without loading anything else, so that it costs no more than Node's own start.
import { readFileSync } from 'node:fs'
import module from 'node:module'

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-V') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${version}\n`)
} else {
  module.enableCompileCache?.()
  const { main } = await import('../dist/main.js').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.includes('dist/main.js')) throw error
    process.stderr.write('imago: this checkout is not built yet\n  hint: run npm run build in it\n')
    process.exit(1)
  })
  process.exit(await main(process.argv.slice(2)))
}
