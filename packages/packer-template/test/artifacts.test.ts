import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

import type { Json, Report } from '@imago/core'
import { run } from '@imago/core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { SkipReason } from '../../../test/requirement.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { loadTemplate } from '../src/index.ts'
import { folderWith, packer, withoutPacker } from './packer.ts'

const execute = promisify(execFile)
const withoutDocker: SkipReason = withoutPacker === '' ? reasonToSkip({ docker: 'docker image inspect debian:12' }) : withoutPacker
const image = `imago-packer-template-${randomBytes(4).toString('hex')}:test`

/** A shell and a few programs: small enough to be exported twice. */
const smallImage = `
set -e
programs=$(for name in sh chmod chown cat env id ls mkdir rm sed; do command -v $name; done)
libraries=$(ldd $programs | grep -o '/[^ )]*' | grep -v ':$' | sort -u)
mkdir -p /new/tmp /new/etc /new/usr/bin /new/usr/lib /new/usr/lib64
for folder in bin lib lib64; do ln -s usr/$folder /new/$folder; done
for file in $programs $libraries /etc/passwd /etc/group; do mkdir -p /new$(dirname $file); cp -L $file /new$file; done
tar -C /new -cf - .
`

beforeAll(async () => {
  if (withoutDocker !== '') return
  const pipe = `docker run --rm debian:12 sh -c "$SCRIPT" | docker import --change 'ENV PATH=/usr/bin:/bin' --change 'CMD ["sh"]' - ${image}`
  await execute('bash', ['-o', 'pipefail', '-c', pipe], { env: { ...process.env, SCRIPT: smallImage } })
})

afterAll(async () => {
  if (withoutDocker === '') await execute('docker', ['image', 'rm', '--force', image])
})

interface BothSides {
  readonly theirs: string
  readonly ours: string
  readonly report: Report
}

/** Builds a template with Packer and here, each in a folder of its own. */
async function both(template: Json, files: Readonly<Record<string, string>> = {}): Promise<BothSides> {
  const text = JSON.stringify(template)
  const [theirs, ours] = [await folderWith({ 'template.json': text, ...files }), await folderWith({ 'template.json': text, ...files })]
  const { code, stdout } = await packer(['build', 'template.json'], theirs)
  expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' })
  const loaded = await loadTemplate({ path: 'template.json', text }, { directory: ours, env: (name) => process.env[name] })
  const report = await run(loaded.image, { directory: ours, stateDirectory: join(ours, '.imago') })
  expect(report.builds.map(({ error }) => error)).toEqual(report.builds.map(() => undefined))
  return { theirs, ours, report }
}

/** The files below a folder, with their content, apart from what each side keeps for itself. */
async function contents(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const own = files.filter((file) => !/\/(?:template\.json|\.imago\/|cache\/|tmp\d|checkpoint)/.test(file.slice(folder.length)))
  return Object.fromEntries(
    await Promise.all(own.toSorted().map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const)),
  )
}

test(`files are the same${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const { theirs, ours } = await both(
    {
      variables: { who: 'cow' },
      builders: [
        { type: 'file', name: 'one', content: 'moo, {{user `who`}}\n', target: 'one.txt' },
        { type: 'file', name: 'two', source: 'source.bin', target: 'two.bin' },
      ],
      'post-processors': [{ type: 'shell-local', inline: ['echo "$PACKER_BUILD_NAME {{user `who`}}" > said-$PACKER_BUILD_NAME'] }],
    },
    { 'source.bin': 'from a file\n' },
  )
  expect(await contents(ours)).toEqual(await contents(theirs))
})

test(`builds without a machine do the same${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const { theirs, ours } = await both(
    {
      variables: { home: '{{env `HOME`}}', list: 'echo one >> list,echo two >> list' },
      'sensitive-variables': ['home'],
      builders: [
        { type: 'null', name: 'a', communicator: 'none' },
        { type: 'null', name: 'b', communicator: 'none' },
      ],
      provisioners: [
        { type: 'shell-local', only: ['a'], inline: '{{user `list`}}' },
        {
          type: 'shell-local',
          only: ['a'],
          inline: ['echo {{build_name}} {{build_type}} $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE "$X" $HOME > a.txt'],
          environment_vars: ['X={{user `home`}} \'quoted\' "x"'],
        },
        {
          type: 'shell-local',
          except: ['a'],
          inline: ['echo base > b.txt'],
          override: { b: { inline: ['echo overridden {{build_name}} > b.txt'] } },
        },
        { type: 'shell-local', only: ['b'], script: 'script.sh', environment_vars: ['TARGET=script.txt'] },
        { type: 'shell-local', only: ['b'], inline: ['exit 3'], valid_exit_codes: [3] },
        { type: 'shell-local', only: ['b'], inline: ['echo ${BASH_VERSION:+bash} > bash.txt'], inline_shebang: '/bin/bash -e' },
        {
          type: 'shell-local',
          only: ['b'],
          inline: ['if [ -f tried ]; then echo again > retried; else touch tried; exit 1; fi'],
          max_retries: 2,
        },
      ],
    },
    { 'script.sh': '#!/bin/sh\necho "$PACKER_BUILD_NAME $TARGET" > "$TARGET"\r\n'.replace('\r', '') },
  )
  const [left, right] = [await contents(theirs), await contents(ours)]
  expect(right).toEqual(left)
  expect(Object.keys(left).toSorted()).toEqual(['a.txt', 'b.txt', 'bash.txt', 'list', 'retried', 'script.sh', 'script.txt', 'tried'])
})

/** What provisioners did in a container, and what becomes of it. */
const provisioners = [
  {
    type: 'shell',
    inline: ['mkdir -p /made', 'echo "$PACKER_BUILD_NAME $PACKER_BUILDER_TYPE $WHO" > /made/inline'],
    environment_vars: ["WHO=it's me"],
  },
  { type: 'shell', scripts: ['one.sh', 'two.sh'], execute_command: "chmod +x {{.Path}}; {{.Vars}} sh -e '{{.Path}}'" },
  { type: 'shell', script: 'args.sh', execute_command: '{{.Vars}} sh {{.Path}} an argument' },
  { type: 'file', source: 'tree/', destination: '/made/content' },
  { type: 'file', source: 'tree', destination: '/made' },
  { type: 'file', source: 'tree/file', destination: '/made/file' },
  { type: 'file', direction: 'download', source: '/made/inline', destination: 'downloaded' },
]
const files = {
  'one.sh': 'echo one > /made/one\n',
  'two.sh': '#!/bin/sh\nset -eu\necho two > /made/two\n',
  'tree/file': 'a file\n',
  'tree/below/other': 'another\n',
  'args.sh': 'echo "$@" > /made/args\n',
}

test(`exported containers are the same, and what is made of them${withoutDocker}`, { timeout: 120_000 }, async ({ skip }) => {
  skip(withoutDocker !== '')
  const template = {
    builders: [{ type: 'docker', image, pull: false, export_path: 'out/root.tar' }],
    provisioners: [
      { type: 'shell-local', inline: ['mkdir -p tree/below; echo x > tree/file; echo y > tree/below/other'] },
      ...provisioners,
    ],
    'post-processors': [
      { type: 'compress', output: 'packed/{{.BuildName}}.tar.gz', keep_input_artifact: true },
      { type: 'compress' },
      { type: 'checksum', checksum_types: ['sha256', 'md5'] },
      { type: 'checksum', checksum_types: ['sha1'], output: '{{.BuildName}}-{{.BuilderType}}.{{.ChecksumType}}' },
    ],
  }
  const { theirs, ours } = await both(template, files)
  expect(await treeOf(join(ours, 'out/root.tar'))).toEqual(await treeOf(join(theirs, 'out/root.tar')))
  expect(await namesIn(ours)).toEqual(await namesIn(theirs))
  expect(await readFile(join(ours, 'downloaded'), 'utf8')).toBe(await readFile(join(theirs, 'downloaded'), 'utf8'))
  for (const folder of [ours, theirs]) {
    const sum = createHash('sha256')
      .update(await readFile(join(folder, 'out/root.tar')))
      .digest('hex')
    expect(await readFile(join(folder, 'packer_docker_docker_sha256.checksum'), 'utf8')).toContain(sum)
    expect((await readFile(join(folder, 'packer_docker_docker'))).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
  }
})

test(`committed containers are the same${withoutDocker}`, { timeout: 120_000 }, async ({ skip }) => {
  skip(withoutDocker !== '')
  const name = `${image.split(':')[0] ?? ''}-committed`
  const template = (tag: string): Json => ({
    builders: [
      {
        type: 'docker',
        image,
        pull: 'false',
        commit: 'true',
        author: 'somebody',
        message: 'made',
        changes: ['ENV A=b', 'WORKDIR /made', 'CMD ["cat", "inline"]', 'LABEL x="y z"'],
      },
    ],
    provisioners: provisioners.slice(0, 3),
    'post-processors': [
      [
        { type: 'docker-tag', repository: name, tag },
        { type: 'docker-save', path: 'saved.tar' },
      ],
    ],
  })
  const inspect = async (tag: string): Promise<object> => {
    const { stdout } = await execute('docker', ['image', 'inspect', `${name}:${tag}`])
    const [found]: { readonly Config: Readonly<Record<string, Json>>; readonly Author: string; readonly Comment: string }[] =
      JSON.parse(stdout)
    const { Env, Cmd, WorkingDir, Labels } = found?.Config ?? {}
    // Labels of the container stay in its image, empty.
    const labels = Object.entries(Labels ?? {}).filter(([label]) => !label.startsWith('imago.'))
    return { Env, Cmd, WorkingDir, labels, author: found?.Author, comment: found?.Comment }
  }
  try {
    const folder = await folderWith({ 'template.json': JSON.stringify(template('theirs')), ...files })
    expect((await packer(['build', 'template.json'], folder)).code).toBe(0)
    const ours = await folderWith(files)
    const { image: definition } = await loadTemplate({ path: 'template.json', text: JSON.stringify(template('ours')) }, { directory: ours })
    const report = await run(definition, { directory: ours, stateDirectory: join(ours, '.imago') })
    expect(report.status).toBe('succeeded')
    expect(await inspect('ours')).toEqual(await inspect('theirs'))
    expect(await filesOfImage(`${name}:ours`)).toEqual(await filesOfImage(`${name}:theirs`))
    expect(await namesIn(ours)).toContain('saved.tar')
  } finally {
    await execute('docker', ['image', 'rm', '--force', `${name}:ours`, `${name}:theirs`]).catch(() => undefined)
  }
})

test(`imported containers are the same, and their archive is gone${withoutDocker}`, { timeout: 120_000 }, async ({ skip }) => {
  skip(withoutDocker !== '')
  const name = `${image.split(':')[0] ?? ''}-imported`
  try {
    const { theirs, ours } = await both({
      builders: [{ type: 'docker', image, pull: false, export_path: 'root.tar' }],
      'post-processors': [{ type: 'docker-import', repository: name, tag: 'x', changes: ['CMD ["sh"]'] }],
    })
    expect(await namesIn(ours)).toEqual(await namesIn(theirs))
    expect(await namesIn(ours)).not.toContain('root.tar')
  } finally {
    await execute('docker', ['image', 'rm', '--force', `${name}:x`]).catch(() => undefined)
  }
})

/** The names of the files that a build has left. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return Object.keys(await contents(folder)).filter((name) => basename(name) !== 'template.json')
}

/** Files that the engine makes for each container. */
const engineFiles =
  /^(?:\.dockerenv|etc\/(?:hostname|hosts|resolv\.conf|mtab)|dev\/|proc\/|sys\/|packer-files\/?|\.\/?$|(?:dev|proc|sys|etc)\/?$)/

/** What is in an archive of a file system: the content of each file. */
async function treeOf(archive: string): Promise<Readonly<Record<string, string>>> {
  const folder = `${archive}.unpacked`
  await mkdir(folder)
  await writeFile(join(folder, '.keep'), '')
  await execute('tar', ['-xf', archive, '-C', folder, '--no-same-owner', '--no-same-permissions', '--exclude=dev/*'])
  const { stdout } = await execute('tar', ['-tvf', archive, '--numeric-owner'])
  const modes = stdout
    .trim()
    .split('\n')
    .map((line) => /^(\S+) (\S+)\s+\d+ \S+ \S+ (.*)$/.exec(line))
    .flatMap((match) => (match === null ? [] : [[match[3] ?? '', `${match[1]} ${match[2]}`] as const]))
  const entries = await Promise.all(
    modes
      .filter(([name]) => !engineFiles.test(name))
      .map(async ([name, mode]) => {
        const content = mode.startsWith('-')
          ? createHash('sha256')
              .update(await readFile(join(folder, name)))
              .digest('hex')
          : ''
        return [name, `${mode} ${content}`] as const
      }),
  )
  await execute('rm', ['-rf', folder])
  return Object.fromEntries(entries)
}

/** What steps have made in an image. */
async function filesOfImage(name: string): Promise<string> {
  const { stdout } = await execute('docker', [
    'run',
    '--rm',
    '--entrypoint',
    'sh',
    name,
    '-c',
    'ls -ln /made | sed "s/[A-Z][a-z][a-z] .*:[0-9][0-9] //"; cat /made/*',
  ])
  return stdout
}
