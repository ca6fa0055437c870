// Builds each example as a user would, and says what came of it: what is built at AWS, at an emulator of it. An example that needs a Docker
// engine is left out by name where there is none.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  if (plan.stdout.includes('"builderType":"qemu"')) {
    console.log(
      `${name}: planned, not built: it fetches a disk image of some hundred megabytes; a test of builder-qemu builds it with another`,
    )
    continue
  }
  if (plan.stdout.includes('"builderType":"virtualbox-')) {
    console.log(
      `${name}: planned, not built: it starts from an appliance that is not here; its own test builds it with a container in that place`,
    )
    continue
  }
  const isAtAws = plan.stdout.includes('"builderType":"amazon-')
  if ((isAtAws || plan.stdout.includes('"builderType":"docker"')) && !hasDocker) {
    if (required.includes('docker')) fail(name, { stdout: '', stderr: 'there is no Docker engine' })
    else console.log(`${name}: planned, not built: there is no Docker engine here`)
    continue
  }
  const built = isAtAws ? atEmulator((env) => run(['build', folder], env)) : run(['build', folder])
  if (built.status === 0) console.log(`${name}: built`)
  else fail(name, built)
  rmSync(join(folder, 'out'), { recursive: true, force: true })
}

function run(args, env = {}) {
  return spawnSync(process.execPath, [...imago, ...args], { encoding: 'utf8', timeout: 180_000, env: { ...process.env, ...env } })
}

/** Runs something with an emulator of EC2 in place of AWS, whose instances are containers. */
function atEmulator(work) {
  const folder = mkdtempSync(join(tmpdir(), 'imago-examples-'))
  const output = join(folder, 'environment')
  const command = ['packages/ec2-emulator/bin/imago-ec2-emulator.js', '--guests', 'docker']
  const emulator = spawn(process.execPath, command, { stdio: ['ignore', openSync(output, 'w'), 'ignore'] })
  try {
    let text = ''
    for (let tries = 0; !text.includes('AWS_EC2_METADATA_DISABLED'); tries++) {
      if (tries > 1200) throw new Error('the emulator does not start')
      spawnSync('sleep', ['0.1'])
      text = readFileSync(output, 'utf8')
    }
    return work(Object.fromEntries([...text.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])))
  } finally {
    emulator.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
}

function fail(name, { stdout, stderr }) {
  console.error(`${name}: failed\n${stdout}${stderr}`)
  process.exitCode = 1
}
