// Installs a machine from an ISO image in VirtualBox, and provisions the appliance again, beside Packer. Both run the VirtualBox of the tests:
// a container of Debian's packages, which interprets the guest's instructions, and a guest that test/guest/guest.sh of builder-virtualbox makes.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const tests = resolve('packages/builder-virtualbox/test')
const programs = ['docker', 'debootstrap', 'dropbear', 'syslinux', 'mformat', 'xorriso', 'busybox', 'lz4']

export function virtualboxCases(tools) {
  const missing = programs.find((program) => !tools.has(program)) ?? (process.getuid?.() === 0 ? undefined : 'root')
  const probe = missing === undefined ? spawnSync(join(tests, 'virtualbox/image.sh'), ['probe'], { encoding: 'utf8' }) : undefined
  if (probe?.status !== 0) {
    console.log(`virtualbox: left out, ${missing === undefined ? probe?.stdout.trim() : `it needs ${missing}`}`)
    return []
  }
  return [installation(tools), appliance(tools)]
}

/** Both type the same command at the installer's prompt, serve the answers, log in with the same key, shut down, and export. */
function installation({ work, imago, file }) {
  const folder = join(work, 'virtualbox')
  return contest({
    name: 'install a machine from an ISO image in VirtualBox',
    output: 'installed',
    tools: { work, imago },
    prepare: () => void prepareInstallation(folder, file),
  })
}

/** Both import what the installation of Imago has made, log in, shut down, and export. */
function appliance({ work, imago, file }) {
  const folder = join(work, 'virtualbox')
  const source = join(folder, 'out/installed.ova')
  return contest({
    name: 'provision an appliance of VirtualBox',
    output: 'again',
    tools: { work, imago },
    prepare() {
      const { key } = prepareInstallation(folder, file)
      if (!existsSync(source)) run([...imago, 'build', 'installed.ts', '--plain'], folder)
      file('virtualbox/again.ts', applianceImage({ source, key, folder }))
      file('virtualbox/again.json', applianceTemplate({ source, key }))
    },
  })
}

function prepareInstallation(folder, file) {
  const { iso, key } = start(folder, file)
  file('virtualbox/http/answers.sh', 'echo answered > /target/root/answered\n')
  file('virtualbox/installed.ts', installationImage({ iso, key, folder }))
  file('virtualbox/installed.json', installationTemplate({ iso, key, folder }))
  return { key }
}

/** A case of both contenders, which take minutes. */
function contest({ name, output, prepare, tools: { work, imago } }) {
  const cwd = join(work, 'virtualbox')
  const remove = (made) => () => rmSync(join(cwd, made), { recursive: true, force: true })
  const [ours, theirs] = [remove(`out/${output}.ova`), remove(`packer-${output}`)]
  const env = { PATH: `${cwd}:${process.env.PATH}` } // where Packer finds VBoxManage
  return {
    name,
    prepare,
    contenders: [
      { label: 'imago', command: [...imago, 'build', `${output}.ts`, '--plain', '--no-cache'], cwd, before: ours, once: true },
      {
        label: 'packer',
        command: ['packer', 'build', '-color=false', `${output}.json`],
        cwd,
        env,
        needs: 'packer',
        before: theirs,
        once: true,
      },
    ],
  }
}

let started

/** Starts the container, and ends it with this process. @returns the installer's ISO image and the key to log in with */
function start(folder, file) {
  if (started !== undefined) return started
  mkdirSync(join(folder, 'http'), { recursive: true })
  const iso = run([join(tests, 'guest/guest.sh'), 'iso'])
  const name = `imago-bench-virtualbox-${process.pid}`
  const mounts = [`${folder}:${folder}`, `${dirname(iso)}:${dirname(iso)}:ro`, `${join(tests, 'virtualbox/start.sh')}:/start.sh:ro`]
  const options = ['--rm', '--init', '--network', 'host', '--name', name, ...mounts.flatMap((mount) => ['-v', mount])]
  run(['docker', 'run', '-d', ...options, run([join(tests, 'virtualbox/image.sh')]), '/start.sh'])
  process.on('exit', () => spawnSync('docker', ['rm', '-f', name]))
  run(['docker', 'exec', name, 'sh', '-c', 'until [ -e /run/ready ]; do sleep 0.1; done'])
  chmodSync(file('virtualbox/VBoxManage', `#!/bin/sh\nexec docker exec -w "$PWD" ${name} /usr/lib/virtualbox/VBoxManage "$@"\n`), 0o755)
  started = { iso, key: join(dirname(iso), 'key') }
  return started
}

function run([program, ...args], cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return stdout.trim()
}

/** An image file of ours. Like {@link template}, it adds to `options` how every guest is entered, shut down and exported. */
function imageFile({ name, factory, options, key, folder }) {
  return `import { ${factory} } from '@imago/builder-virtualbox'
import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench-${name}',
  builders: {
    vm: ${factory}({
      program: '${folder}/VBoxManage',
      ${options}
      ssh: { key: { file: '${key}' }, timeout: '10m' },
      shutdown: { command: 'poweroff' },
      result: { format: 'ova', path: 'out/${name}.ova' },
    }),
  },
  provisioners: [shell({ inline: ['cat /root/answered'] })],
})
void waitForText
`
}

function installationImage({ iso, ...rest }) {
  const options = `iso: { url: '${iso}', checksum: 'none' },
      diskSize: '128m',
      guestOsType: 'Debian_64',
      cpus: 1,
      memory: '256m',
      diskInterface: 'ide',
      nic: 'virtio',
      vboxmanage: ({ vm }) => [['modifyvm', vm, '--firmware-boot-menu', 'disabled', '--firmware-logo-display-time', '0']],
      http: { directory: 'http' },
      boot: { command: ({ httpUrl }) => [waitForText('boot:'), \`install url=\${httpUrl}/answers.sh<enter>\`] },`
  return imageFile({ name: 'installed', factory: 'virtualboxIso', options, ...rest })
}

function applianceImage({ source, ...rest }) {
  return imageFile({ name: 'again', factory: 'virtualboxOvf', options: `source: { url: '${source}', checksum: 'none' },`, ...rest })
}

function template(builder, key) {
  const common = {
    headless: true,
    guest_additions_mode: 'disable',
    virtualbox_version_file: '',
    format: 'ova',
    shutdown_command: 'poweroff',
  }
  const ssh = { ssh_username: 'root', ssh_private_key_file: key, ssh_timeout: '5m', ssh_handshake_attempts: 200 }
  return JSON.stringify({
    builders: [{ ...common, ...ssh, ...builder }],
    provisioners: [{ type: 'shell', inline: ['cat /root/answered'] }],
  })
}

function modify(...options) {
  return ['modifyvm', '{{.Name}}', ...options]
}

function installationTemplate({ iso, key, folder }) {
  const builder = {
    type: 'virtualbox-iso',
    iso_url: iso,
    iso_checksum: 'none',
    guest_os_type: 'Debian_64',
    disk_size: 128,
    cpus: 1,
    memory: 256,
    http_directory: join(folder, 'http'),
    // it can only wait for a time: a second or two longer than the prompt takes on a machine that does nothing else
    boot_wait: '9s',
    boot_command: ['install url=http://{{.HTTPIP}}:{{.HTTPPort}}/answers.sh<enter>'],
    vboxmanage: [
      modify('--nat-localhostreachable1', 'on'),
      modify('--nictype1', 'virtio'),
      modify('--firmware-boot-menu', 'disabled', '--firmware-logo-display-time', '0'),
    ],
    output_directory: join(folder, 'packer-installed'),
    vm_name: 'packer-installed',
  }
  return template(builder, key)
}

function applianceTemplate({ source, key }) {
  const output = join(dirname(dirname(source)), 'packer-again')
  return template({ type: 'virtualbox-ovf', source_path: source, boot_wait: '1s', output_directory: output, vm_name: 'packer-again' }, key)
}
