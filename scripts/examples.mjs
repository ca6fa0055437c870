// Builds each example as a user would, and says what came of it. An example that needs a Docker engine is left out by name where there is none.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const required = (process.env.IMAGO_REQUIRE ?? '').split(',')
const imago = ['packages/cli/bin/imago.js']
const hasDocker = run(['doctor', '--json']).stdout.includes('"Docker engine","status":"ok"')

for (const name of readdirSync('examples').toSorted()) {
  const folder = join('examples', name)
  if (!existsSync(join(folder, 'image.ts'))) continue
  const plan = run(['plan', folder, '--json'])
  if (plan.status !== 0) {
    fail(name, plan)
    continue
  }
  if (plan.stdout.includes('"builderType":"docker"') && !hasDocker) {
    if (required.includes('docker')) fail(name, { stdout: '', stderr: 'there is no Docker engine' })
    else console.log(`${name}: planned, not built: there is no Docker engine here`)
    continue
  }
  const built = run(['build', folder])
  if (built.status === 0) console.log(`${name}: built`)
  else fail(name, built)
  rmSync(join(folder, 'out'), { recursive: true, force: true })
}

function run(args) {
  return spawnSync(process.execPath, [...imago, ...args], { encoding: 'utf8', timeout: 180_000 })
}

function fail(name, { stdout, stderr }) {
  console.error(`${name}: failed\n${stdout}${stderr}`)
  process.exitCode = 1
}
