// Provisions hosts over SSH: an OpenSSH server of the benchmark's own on this machine, which needs root and openssh-server.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const sshdPath = '/usr/sbin/sshd'
const serverPort = 22022
/** Leads to the server over a link with delay. */
const slowPort = 22023

export function sshCases(tools) {
  if (process.getuid?.() !== 0 || !tools.has(sshdPath)) {
    console.log('ssh: left out, it needs root and openssh-server')
    return []
  }
  const tree = join(tools.work, 'ssh-tree')
  const big = join(tools.work, 'ssh-big')
  const twenty = Array.from({ length: 20 }, (_, index) => shell(`echo step ${index}`))
  return [
    compareBuild(tools, { name: '20 shell steps over SSH', steps: twenty }),
    commandCase(tools),
    compareBuild(tools, { name: 'ten hosts over SSH, five shell steps each', steps: twenty.slice(0, 5), hosts: 10 }),
    compareBuild(tools, {
      name: 'a file of 512 MB over SSH',
      steps: [upload(big)],
      prepare: () => spawnSync('sh', ['-c', 'head -c 536870912 /dev/urandom > "$0"', big]),
      scp: [big],
    }),
    compareBuild(tools, {
      name: 'a directory of 3,000 small files over SSH',
      steps: [upload(tree)],
      prepare: () => makeTree(tree, 30),
      scp: ['-r', tree],
    }),
    // OpenSSH's scp would take ten minutes.
    compareBuild(tools, {
      name: 'a directory of 3,000 small files over SSH with 50 ms of delay',
      steps: [upload(tree)],
      prepare: () => makeTree(tree, 30),
      slow: true,
    }),
  ]
}

/** One command after the other over a connection that is open, against OpenSSH's client that shares one. */
function commandCase({ work, has }) {
  const [count, sshCount] = [500, 100]
  return {
    name: 'one command over SSH',
    measure() {
      const folder = join(work, 'ssh-command')
      mkdirSync(folder)
      startServer(folder)
      const key = join(folder, 'key')
      const ours = run(process.execPath, [resolve('bench/ssh-command-worker.mjs'), String(serverPort), key, String(count)])
      const times = { imago: JSON.parse(ours).toSorted((a, b) => a - b) }
      if (has('ssh')) times['ssh, shared connection'] = sharedConnection(folder, key, sshCount).toSorted((a, b) => a - b)
      const note = Object.entries(times).map(
        ([label, values]) => `${label}: ${at(values, 0.5).toFixed(1)} ms a command, ${at(values, 0.95).toFixed(1)} ms or less in 95 of 100`,
      )
      return {
        seconds: Object.fromEntries(Object.entries(times).map(([label, values]) => [label, at(values, 0.5) / 1000])),
        note: note.join('; '),
      }
    },
  }
}

/** The value that a part of sorted values is below. */
function at(values, part) {
  return values[Math.min(values.length - 1, Math.floor(values.length * part))]
}

function sharedConnection(folder, key, count) {
  const shared = ['-S', join(folder, 'shared'), '-i', key, '-p', String(serverPort)]
  const options = [
    ...shared,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
    'root@127.0.0.1',
  ]
  run('ssh', ['-M', '-N', '-f', ...options])
  const times = Array.from({ length: count }, () => {
    const started = performance.now()
    run('ssh', [...options, 'true'])
    return performance.now() - started
  })
  run('ssh', ['-O', 'exit', ...options])
  return times
}

function compareBuild({ work, imago, file }, { name, steps, prepare, scp, slow = false, hosts = 1 }) {
  const base = name.replaceAll(/\W+/g, '-')
  const folder = join(work, base)
  mkdirSync(folder)
  const key = join(folder, 'key')
  const data = join(dataFolder(), base)
  const port = slow ? slowPort : serverPort
  const target = { port, key, names: Array.from({ length: hosts }, (_, index) => `host${index}`), data }
  const image = file(`${base}/image.ts`, imageFile(steps, target))
  const template = file(`${base}.json`, packerTemplate(steps, target))
  const before = () => {
    rmSync(data, { recursive: true, force: true })
    mkdirSync(data)
  }
  const options = ['-q', '-i', key, '-P', String(port), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  return {
    name,
    prepare() {
      prepare?.()
      startServer(folder)
    },
    contenders: [
      { label: 'imago', command: [...imago, 'build', image, '--plain'], before },
      { label: 'packer', command: ['packer', 'build', '-color=false', template], needs: 'packer', before, once: slow },
      ...(scp === undefined
        ? []
        : [{ label: 'scp', command: ['scp', ...options, ...scp, `root@127.0.0.1:${data}`], needs: 'scp', before }]),
    ],
  }
}

/** Where the server's side of the files goes: to memory where that is a folder, so that the disk is not what is measured. */
let madeFolder
function dataFolder() {
  if (madeFolder === undefined) {
    madeFolder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'imago-bench-'))
    process.once('exit', () => rmSync(madeFolder, { recursive: true, force: true }))
  }
  return madeFolder
}

function imageFile(steps, { port, key, names, data }) {
  const options = `{ host: '127.0.0.1', port: ${port}, key: { file: '${key}' } }`
  return `import { defineImage } from '@imago/core'
import { nullBuilder } from '@imago/builder-null'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: { ${names.map((name) => `${name}: nullBuilder(${options})`).join(', ')} },
  provisioners: [${steps.map(({ ours }) => ours(data)).join(', ')}],
})
void [file, shell]
`
}

function packerTemplate(steps, { port, key, names, data }) {
  const builder = { type: 'null', ssh_host: '127.0.0.1', ssh_port: port, ssh_username: 'root', ssh_private_key_file: key }
  return JSON.stringify({
    builders: names.map((name) => ({ ...builder, name })),
    provisioners: steps.map(({ theirs }) => theirs(data)),
  })
}

function shell(command) {
  return { ours: () => `shell({ inline: [${JSON.stringify(command)}] })`, theirs: () => ({ type: 'shell', inline: [command] }) }
}

function upload(source) {
  return {
    ours: (data) => `file({ source: ${JSON.stringify(source)}, destination: '${data}/' })`,
    theirs: (data) => ({ type: 'file', source, destination: `${data}/` }),
  }
}

function makeTree(path, folders) {
  rmSync(path, { recursive: true, force: true })
  for (let folder = 0; folder < folders; folder++) {
    mkdirSync(join(path, `d${folder}`), { recursive: true })
    for (let index = 0; index < 100; index++) writeFileSync(join(path, `d${folder}`, `f${index}`), `file ${index}\n`.repeat(50))
  }
}

/** The servers of the case before; the last ones end with this process. */
let stopServers = () => {}
process.once('exit', () => stopServers())

/** Starts a server that knows the key that it leaves in the folder, and the slow link to it. Nothing of the system's own configuration is used. */
function startServer(folder) {
  stopServers()
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  for (const name of ['key', 'host']) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  const config = [
    `Port ${serverPort}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'key.pub')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    'PidFile none',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    `SetEnv HOME=${folder}`, // root's own start-up files are none of the benchmark's business
  ]
  writeFileSync(join(folder, 'sshd_config'), `${config.join('\n')}\n`)
  const servers = [
    spawn(sshdPath, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' }),
    spawn(process.execPath, [resolve('bench/delay.mjs'), slowPort, serverPort, '25'], { stdio: 'ignore' }),
  ]
  for (const server of servers) server.unref()
  stopServers = () => servers.forEach((server) => server.kill('SIGKILL'))
  for (const port of [serverPort, slowPort]) {
    const script = 'for i in $(seq 100); do ssh-keyscan -p "$0" 127.0.0.1 2>/dev/null | grep -q . && exit; sleep 0.1; done; exit 1'
    run('sh', ['-c', script, String(port)])
  }
}

function run(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return stdout
}
