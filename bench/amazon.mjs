// Builds an AMI against the EC2 emulator, whose instances are containers: with no delays, and with those of AWS.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const owner = '136693071363'
const name = 'debian-12-amd64-*'
const tags = { team: 'cows', release: '12' }
const script = 'echo moo | sudo tee /etc/cow'

export function amazonCases(tools) {
  if (!tools.has('docker') || spawnSync('docker', ['image', 'inspect', 'debian:12']).status !== 0) {
    console.log('amazon: left out, it needs Docker and the image debian:12')
    return []
  }
  return [
    { name: 'an AMI, from an endpoint without delays', measure: () => measure(tools, 'none', Number(process.env.BENCH_RUNS ?? 3)) },
    { name: 'an AMI, from an endpoint with the delays of AWS', measure: () => measure(tools, 'realistic', 1) },
  ]
}

function measure({ work, file, imago, has }, delays, rounds) {
  const folder = join(work, `amazon-${delays}`)
  mkdirSync(folder)
  const endpoint = startEndpoint(delays, join(folder, 'counts.json'))
  try {
    const contenders = {
      imago: [...imago, 'build', '--plain', file(`amazon-${delays}/image.ts`, imageFile())],
      ...(has('packer') && { packer: ['packer', 'build', file(`amazon-${delays}.json`, packerTemplate(endpoint.env.AWS_ENDPOINT_URL))] }),
    }
    const times = Object.fromEntries(Object.keys(contenders).map((label) => [label, []]))
    const calls = {}
    for (let round = 0; round < rounds; round++) {
      for (const [label, command] of Object.entries(contenders)) {
        const before = endpoint.counts()
        const started = performance.now()
        run(command, folder, endpoint.env)
        times[label].push((performance.now() - started) / 1000)
        spawnSync('sleep', ['0.3'])
        const after = endpoint.counts()
        calls[label] = after.calls - before.calls
        check(label, before, after)
      }
    }
    const seconds = Object.fromEntries(Object.entries(times).map(([label, values]) => [label, median(values)]))
    const note = `API calls: ${Object.entries(calls)
      .map(([label, count]) => `${label} ${count}`)
      .join(', ')}`
    return { seconds, note, calls, ...(contenders.packer === undefined && { missing: ['packer'] }) }
  } finally {
    endpoint.stop()
  }
}

/** Both must leave one image more, with the same tags, and nothing else. */
function check(label, before, after) {
  const made = after.images.filter(({ id }) => before.images.every((image) => image.id !== id))
  const said = JSON.stringify(made.map((image) => Object.entries(tags).map(([key]) => image.tags[key])))
  if (said !== JSON.stringify([Object.values(tags)])) throw new Error(`${label} has made ${JSON.stringify(made)}`)
  if (after.others.length > 0) throw new Error(`${label} has left ${JSON.stringify(after.others)}`)
}

function startEndpoint(delays, countsFile) {
  const child = spawn(process.execPath, [resolve('bench/amazon-endpoint.mjs'), delays, countsFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; !existsSync(countsFile); tries++) {
    if (tries > 1200) throw new Error('the emulator does not start')
    spawnSync('sleep', ['0.1'])
  }
  const counts = () => JSON.parse(readFileSync(countsFile, 'utf8'))
  return { env: counts().env, counts, stop: () => child.kill('SIGTERM') }
}

function run([program, ...args], cwd, env) {
  const all = { ...process.env, ...env, HOME: cwd, CHECKPOINT_DISABLE: '1', AWS_POLL_DELAY_SECONDS: '2', AWS_MAX_ATTEMPTS: '150' }
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env: all, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${program}: exit ${status}\n${stdout}\n${stderr}`)
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function imageFile() {
  return `import { amazonEbs } from '@imago/builder-amazon'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: {
    aws: amazonEbs({
      region: 'us-west-2',
      sourceAmi: { owners: ['${owner}'], name: '${name}' },
      instanceType: 't3.small',
      ami: { name: 'imago-{datetime}-{run}', tags: ${JSON.stringify(tags)} },
    }),
  },
  provisioners: [shell({ inline: [${JSON.stringify(script)}] })],
})
`
}

function packerTemplate(endpoint) {
  const builder = {
    type: 'amazon-ebs',
    region: 'us-west-2',
    custom_endpoint_ec2: endpoint,
    skip_region_validation: true,
    skip_metadata_api_check: true,
    source_ami_filter: { filters: { name }, owners: [owner], most_recent: true },
    instance_type: 't3.small',
    ssh_username: 'admin',
    ssh_clear_authorized_keys: true,
    ami_name: 'packer-{{timestamp}}',
    tags,
  }
  return JSON.stringify({ builders: [builder], provisioners: [{ type: 'shell', inline: [script] }] })
}
