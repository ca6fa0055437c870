// Installs a machine from an ISO image in QEMU, beside Packer; and how long after a guest's first sign of life the first command runs. The
// guest is the one of the tests, made of Debian's packages: it needs root, debootstrap and what else test/guest/guest.sh of builder-qemu uses.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const script = resolve('packages/builder-qemu/test/guest/guest.sh')
const programs = ['qemu-system-x86_64', 'qemu-img', 'debootstrap', 'grub-mkimage', 'xorriso', 'busybox']

export function qemuCases(tools) {
  const missing = programs.find((program) => !tools.has(program))
  if (process.getuid?.() !== 0 || missing !== undefined) {
    console.log(`qemu: left out, it needs ${missing ?? 'root'}`)
    return []
  }
  return [installation(tools), readiness(tools), rebuild(tools, true), rebuild(tools, false)]
}

function guest(what) {
  const { status, stdout, stderr } = spawnSync(script, [what], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`guest.sh ${what}: exit ${status}\n${stderr}`)
  return stdout.trim()
}

/** Both type the same command at the installer's prompt, serve the answers, log in with the same key, shut down, and convert the disk. */
function installation({ work, imago, file }) {
  const folder = join(work, 'qemu-installation')
  const image = join(folder, 'image.ts')
  const template = join(folder, 'template.json')
  const http = join(folder, 'http')
  const before = () => {
    for (const output of ['out', 'packer-out']) rmSync(join(folder, output), { recursive: true, force: true })
  }
  return {
    name: 'install a machine from an ISO image in QEMU',
    prepare() {
      mkdirSync(http, { recursive: true })
      const iso = guest('iso')
      const key = guest('key')
      file('qemu-installation/http/answers.sh', 'echo answered > /target/root/answered\n')
      file('qemu-installation/image.ts', installationImage({ iso, key }))
      file('qemu-installation/template.json', installationTemplate({ iso, key, http }))
    },
    contenders: [
      { label: 'imago', command: [...imago, 'build', image, '--plain', '--no-cache'], cwd: folder, before },
      { label: 'packer', command: ['packer', 'build', '-color=false', template], cwd: folder, needs: 'packer', before },
    ],
  }
}

function installationImage({ iso, key }) {
  return `import { qemu } from '@imago/builder-qemu'
import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: {
    vm: qemu({
      iso: { url: '${iso}', checksum: 'none' },
      diskSize: '512m',
      accelerator: 'tcg',
      http: { directory: 'http' },
      boot: { command: ({ httpUrl }) => [waitForText('boot:'), \`install url=\${httpUrl}/answers.sh<enter>\`] },
      ssh: { key: { file: '${key}' } },
      shutdown: { command: 'poweroff' },
      result: { format: 'qcow2', path: 'out/disk.qcow2' },
    }),
  },
  provisioners: [shell({ inline: ['cat /root/answered'] })],
})
`
}

function installationTemplate({ iso, key, http }) {
  return JSON.stringify({
    builders: [
      {
        type: 'qemu',
        accelerator: 'tcg',
        iso_url: iso,
        iso_checksum: 'none',
        disk_size: '512M',
        format: 'qcow2',
        headless: true,
        memory: 1024,
        cpus: 2,
        net_device: 'virtio-net',
        disk_interface: 'virtio',
        qemuargs: [['-cpu', 'max']],
        http_directory: http,
        // it can only wait for a time: a second or two longer than the prompt takes on a machine that does nothing else
        boot_wait: '4s',
        boot_key_interval: '10ms',
        boot_command: ['install url=http://{{.HTTPIP}}:{{.HTTPPort}}/answers.sh<enter>'],
        ssh_username: 'root',
        ssh_private_key_file: key,
        ssh_timeout: '3m',
        shutdown_command: 'poweroff',
        output_directory: 'packer-out',
      },
    ],
    provisioners: [{ type: 'shell', inline: ['cat /root/answered'] }],
  })
}

/** Ten steps, of which the last one is another each time: the machine goes on in the memory of the snapshot, or boots from its disks. */
function rebuild({ work, imago, file }, live) {
  const folder = join(work, live ? 'qemu-live' : 'qemu-boot')
  let round = 0
  const write = () => file(`${live ? 'qemu-live' : 'qemu-boot'}/image.ts`, rebuildImage(guest('disk'), { live, last: round++ }))
  const build = [...imago, 'build', '--plain']
  return {
    name: `ten steps in a guest, the last one changed, ${live ? 'with its memory kept' : 'with one boot'}`,
    prepare() {
      mkdirSync(folder, { recursive: true })
      write()
      spawnSync(build[0], build.slice(1), { cwd: folder })
    },
    contenders: [{ label: 'imago', command: build, cwd: folder, before: write }],
  }
}

function rebuildImage(disk, { live, last }) {
  const options = `live: ${live}, shutdown: { command: 'sync; poweroff -f' }, result: { format: 'qcow2', path: 'out/disk.qcow2' }`
  return diskImage(disk, options, `[...Array(9).keys(), 'last ${last}'].map((step) => shell({ inline: [\`echo \${step} > /root/step\`] }))`)
}

/** A definition of a machine that starts from the tests' disk. */
function diskImage(disk, options, provisioners) {
  return `import { qemu } from '@imago/builder-qemu'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: {
    vm: qemu({
      disk: { url: '${disk}', checksum: 'none' },
      accelerator: 'tcg',
      ssh: { key: { file: '${join(dirname(disk), 'key')}' } },
      ${options},
    }),
  },
  provisioners: ${provisioners},
})
`
}

/** From power-on to the first command, and to what a loop of connections sees of the SSH server; in turn, medians. */
function readiness({ imago, file, work }) {
  return {
    name: 'from power-on to the first command in a guest',
    measure() {
      const disk = guest('disk')
      const options = "shutdown: { command: 'poweroff' }, result: { format: 'none' }"
      mkdirSync(join(work, 'qemu-readiness'))
      const image = file('qemu-readiness/image.ts', diskImage(disk, options, "[shell({ inline: ['echo first'] })]"))
      const commands = []
      const banners = []
      for (let round = 0; round < Number(process.env.BENCH_RUNS ?? 5); round++) {
        commands.push(firstCommand([...imago, 'build', image, '--json', '--no-cache']))
        banners.push(firstBanner(disk))
      }
      return { seconds: { imago: median(commands), 'SSH banner (loop)': median(banners) } }
    },
  }
}

/** Seconds from the moment when the machine is on to the first output of a command in it. */
function firstCommand([program, ...args]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`imago: exit ${status}\n${stdout}${stderr}`)
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const on = events.find(({ type, step }) => type === 'step-finished' && step.id === 'builder.start')
  const first = events.find(({ type, text }) => type === 'output' && text.includes('first'))
  return (Date.parse(first.time) - Date.parse(on.time)) / 1000
}

/** Seconds from the start of QEMU to the first bytes of the SSH server, asked for as a loop of nc does: again and again, a second each. */
function firstBanner(disk) {
  const machine = [
    '-machine pc -accel tcg -cpu max -smp 2 -m 1024 -nodefaults -no-user-config -display none -device VGA -serial null -device virtio-rng-pci',
    `-drive file=${disk},if=virtio,snapshot=on -device virtio-net-pci,netdev=n -netdev user,id=n,hostfwd=tcp:127.0.0.1:PORT-:22`,
  ].join(' ')
  const loop = `import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
await new Promise((done) => server.close(done))
const machine = spawn('qemu-system-x86_64', ${JSON.stringify(machine)}.replace('PORT', port).split(' '), { stdio: ['ignore', 'ignore', 'inherit'] })
const started = performance.now()
const ask = () => new Promise((done) => {
  const socket = connect(port, '127.0.0.1').setTimeout(1000, () => socket.destroy())
  socket.once('data', () => done(true)).on('error', () => undefined).once('close', () => setTimeout(done, 20, false))
})
while (machine.exitCode === null && !(await ask()));
console.log((performance.now() - started) / 1000)
machine.kill('SIGKILL')
process.exit(machine.exitCode ?? 0)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', loop], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`banner: exit ${status}\n${stderr}`)
  return Number(stdout)
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
