import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isImagoError } from '@imago/core'
import { expectMachine, fakeMachine, rehearse } from '@imago/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

import { load } from '../test/load.ts'

const ssh = { type: 'null', ssh_host: 'server.example', ssh_username: 'root', ssh_password: 'password' }

describe('steps', () => {
  test('commands run with what is in front of them', async () => {
    const { image } = await load({
      variables: { release: 'bookworm' },
      builders: [ssh],
      provisioners: [
        {
          type: 'shell',
          environment_vars: ['RELEASE={{user `release`}}', 'TYPE={{build_type}}'],
          execute_command: "echo 'vagrant' | {{.Vars}} sudo -S -E bash '{{.Path}}'",
          inline: ['echo {{user `release` | upper}}', 'true'],
        },
      ],
    })
    const { machines } = await rehearse(image)
    expectMachine(machines['null'] ?? fakeMachine()).toHaveRun(/BOOKWORM/, { env: { RELEASE: 'bookworm', TYPE: 'null' } })
    expect(image.provisioners[0]?.options).toMatchObject({ sudo: { password: expect.anything(), preserveEnv: true }, interpreter: 'bash' })
  })

  test('scripts and files come from the folder that Packer would take them from', async () => {
    const directory = await folderWith({ 'one.sh': '#!/bin/sh\necho one\n', 'site.conf': 'listen 80;\n' })
    const { image } = await load(
      {
        builders: [ssh],
        provisioners: [
          { type: 'file', source: 'site.conf', destination: '/etc/site.conf' },
          { type: 'shell', script: '{{template_dir}}/one.sh' },
        ],
      },
      { directory },
    )
    const { machines } = await rehearse(image, { directory })
    expectMachine(machines['null'] ?? fakeMachine()).inOrder([{ upload: '/etc/site.conf', content: 'listen 80;\n' }, /.+/])
  })

  test('are for the builds that they name, and may be other ones for each', async () => {
    const { image } = await load({
      builders: [
        { ...ssh, name: 'a' },
        { ...ssh, name: 'b' },
        { ...ssh, name: 'c' },
      ],
      provisioners: [
        { type: 'shell', inline: ['only-a'], only: ['a'] },
        { type: 'shell', inline: ['not-a'], except: ['a'] },
        { type: 'shell', inline: ['all'], override: { c: { inline: ['all-but-c'] } } },
        { type: 'shell', inline: ['name={{build_name}}'] },
      ],
    })
    const { machines } = await rehearse(image)
    const commands = (name: 'a' | 'b' | 'c'): string => JSON.stringify(machines[name]?.records)
    expect(commands('a')).toContain('only-a')
    expect(commands('a')).not.toContain('not-a')
    expect(commands('b')).toContain('not-a')
    expect(commands('b')).not.toContain('only-a')
    expect(commands('c')).toContain('all-but-c')
    expect(commands('b')).toContain('name=b')
  })

  test('that clean up after an error run after an error', async () => {
    const { image } = await load({
      builders: [ssh],
      provisioners: [{ type: 'shell', inline: ['false'] }],
      'error-cleanup-provisioner': { type: 'shell', inline: ['clean-up'] },
    })
    expect(image.errorCleanup).toHaveLength(1)
    expect(image.errorCleanup[0]).toMatchObject({ type: 'shell' })
  })

  test('what every step has', async () => {
    const step = { type: 'shell', inline: ['true'], pause_before: '10s', timeout: '1h', max_retries: '3' }
    const { image } = await load({ builders: [ssh], provisioners: [step] })
    expect(image.provisioners[0]).toMatchObject({ pauseBefore: '10s', timeout: '1h', retry: 3 })
  })

  test('a command of shell-local is one line, with its commas', async () => {
    const { image } = await load({
      variables: { hosts: 'a,b' },
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: [{ type: 'shell-local', command: 'echo {{user `hosts`}}, {{build_name}}' }],
    })
    const { events } = await rehearse(image)
    expect(events.output('null')).toBe('a,b, null\n')
  })

  test.for(['sh {{.Path}} ;', 'sh {{.Path}} &', 'time sh {{.Path}} # the script', 'time -p sh {{.Path}}'])(
    'a command is run as it stands, whatever it ends with: %s',
    async (command) => {
      const { image } = await load({
        builders: [ssh],
        provisioners: [{ type: 'shell', inline: ['true'], execute_command: `nice ${command}` }],
      })
      const { machines } = await rehearse(image)
      const ran = machines['null']?.records.flatMap((record) =>
        record.kind === 'command' && record.text.includes('nice') ? [record.text] : [],
      )
      const [text = ''] = ran ?? []
      expect(text).toContain('nice ')
      expect(spawnSync('sh', ['-n', '-c', text], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    },
  )

  test('lists as texts are split where a variable has commas, and names are rendered', async () => {
    const { image } = await load({
      variables: { list: 'A=1,B=2', name: 'Key' },
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: [{ type: 'shell-local', inline: ['echo $A $B $C'], environment_vars: '{{user `list`}},C=3' }],
      'post-processors': [{ type: 'manifest', custom_data: { '{{user `name`}}': 'value' } }],
    })
    expect(optionsOf(image.provisioners[0])['env']).toEqual({ A: '1', B: '2', C: '3' })
    expect(optionsOf(image.postProcessors[0]?.[0])['customData']).toEqual({ Key: 'value' })
  })

  test('build values are told of the server for files, and those that there are not by name', async () => {
    const step = (inline: string): object => ({ type: 'shell-local', inline: [inline] })
    const builders = [{ type: 'null', communicator: 'none' }]
    const { image } = await load({
      builders,
      provisioners: [step('{{build `PackerHTTPIP`}} {{build `PackerHTTPPort`}} {{build `PackerHTTPAddr`}}')],
    })
    const inline = optionsOf(image.provisioners[0])['inline']
    const facts = { buildName: 'a', builderType: 'null', runId: 'x', httpUrl: 'http://10.0.2.2:8123/b' }
    expect(typeof inline === 'function' ? inline(facts) : inline).toEqual(['10.0.2.2 8123 10.0.2.2:8123'])
    await expect(load({ builders, provisioners: [step('{{build `Password`}}')] })).rejects.toThrow(
      "provisioners[0].inline[0]: there is no counterpart of the build value 'Password' yet",
    )
  })

  test('values of sensitive variables are masked wherever they stand', async () => {
    const { image } = await load(
      {
        variables: { password: 'hunter2' },
        'sensitive-variables': ['password'],
        builders: [{ type: 'null', communicator: 'none' }],
        provisioners: [{ type: 'shell-local', inline: ['echo the password is {{user `password`}}'] }],
      },
      {},
    )
    const { events } = await rehearse(image)
    expect(events.output('null')).toBe('the password is <secret>\n')
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })
})

describe('what is wrong is told with its place', () => {
  test('all of it at once', async () => {
    const failed = load({
      builders: [{ ...ssh, ssh_prt: 22, ssh_timeout: 'long' }],
      provisioners: [{ type: 'shell', inlin: ['true'] }],
    })
    await expect(failed).rejects.toThrow(`template.json has 3 problems:
  template.json:8:7: builders[0].ssh_prt: unknown option 'ssh_prt' (did you mean 'ssh_port'?)
  template.json:9:7: builders[0].ssh_timeout: must be a duration such as '5m', not 'long'
  template.json:15:7: provisioners[0].inlin: unknown option 'inlin' (did you mean 'inline'?)`)
  })

  test('what Packer only refuses out of caution is a warning for those who ask', async () => {
    const template = { builders: [{ ...ssh, ssh_prt: 22 }] }
    await expect(load(template)).rejects.toThrow("unknown option 'ssh_prt'")
    const { warnings } = await load(template, { lenient: true })
    expect(warnings.map(({ message }) => message)).toEqual(["unknown option 'ssh_prt'"])
  })

  test('a part that templates do not have is an error, and a warning for those who ask', async () => {
    const template = { builders: [ssh], provisoners: [{ type: 'shell', inline: ['true'] }] }
    await expect(load(template)).rejects.toThrow(
      "template.json:10:3: provisoners: unknown part of a template 'provisoners' (did you mean 'provisioners'?)",
    )
    const { image, warnings } = await load(template, { lenient: true })
    expect(image.provisioners).toEqual([])
    expect(warnings).toMatchObject([{ message: "unknown part of a template 'provisoners'", at: { line: 10, column: 3 } }])
  })

  test('what there is not yet, and how to do without', async () => {
    const template = {
      builders: [ssh, { type: 'hyperv-iso' }],
      'post-processors': [{ type: 'vagrant-cloud' }, { type: 'vagrant-cloud', name: 'box' }],
    }
    const error: unknown = await load(template).catch((caught: unknown) => caught)
    expect(isImagoError(error, 'DEFINITION_INVALID')).toBe(true)
    expect(error).toMatchObject({
      message: `template.json needs what there is not yet:
  template.json:9:5: builders[1]: there is no builder 'hyperv-iso' yet
  template.json:14:5: post-processors[0]: there is no post-processor 'vagrant-cloud' yet
  template.json:17:5: post-processors[1]: there is no post-processor 'vagrant-cloud' yet`,
      hint: '--only null --except vagrant-cloud,box leaves them out; imago convert writes what there is',
    })
    const { image } = await load(template, { only: ['null'], except: ['vagrant-cloud', 'box'] })
    expect(Object.keys(image.builders)).toEqual(['null'])
  })
})

function optionsOf(step: unknown): Readonly<Record<string, unknown>> {
  return (step as { readonly options: Readonly<Record<string, unknown>> }).options // as steps of images are
}

test('a type that is misspelt is told with the one that was probably meant, and others of Packer are not taken for misspelt', async () => {
  const template = {
    builders: [{ type: 'nul' }, { type: 'null', name: 'x', communicator: 'none' }, { type: 'vmware-iso' }, { type: 'amazon-instance' }],
    provisioners: [{ type: 'shell_local', inline: ['true'] }, { type: 'windows-update' }],
    'post-processors': ['vagrant-cloud', 'manifests'],
  }
  const error: unknown = await load(template).catch((caught: unknown) => caught)
  const lines = error instanceof Error ? error.message.split('\n').slice(1) : []
  expect(lines.map((line) => line.replace(/^.*?: /, '').replace(/^\S+: /, ''))).toEqual([
    "there is no builder 'nul' yet (did you mean 'null'?)",
    "there is no builder 'vmware-iso' yet",
    "there is no builder 'amazon-instance' yet",
    "there is no provisioner 'shell_local' yet (did you mean 'shell-local'?)",
    "there is no provisioner 'windows-update' yet",
    "there is no post-processor 'vagrant-cloud' yet",
    "there is no post-processor 'manifests' yet (did you mean 'manifest'?)",
  ])
})

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-template-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)))
  return folder
}

test('a breakpoint is told of, and left out', async () => {
  const provisioners = [
    { type: 'breakpoint', note: 'look' },
    { type: 'breakpoint', disable: true },
    { type: 'shell-local', inline: ['true'] },
  ]
  const { image, warnings } = await load({ builders: [{ type: 'null', communicator: 'none' }], provisioners })
  expect(image.provisioners.map(({ type }) => type)).toEqual(['shell-local'])
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining("'breakpoint' is left out: 'imago shell' with '--after'"),
  ])
  const wrong = load({ builders: [{ type: 'null', communicator: 'none' }], provisioners: [{ type: 'breakpoint', notes: 'look' }] })
  await expect(wrong).rejects.toThrow("unknown option 'notes'")
})

test("'push' is told of, and means nothing", async () => {
  const { image, warnings } = await load({ builders: [{ type: 'null', communicator: 'none' }], push: { name: 'me/cow', token: 'x' } })
  expect(Object.keys(image.builders)).toEqual(['null'])
  expect(warnings.map(({ path, message, at }) => [path, message, at.line])).toEqual([
    [['push'], "'push' is ignored: the service that it was for is gone", 8],
  ])
})

test('all builders that there are not are named in one error, and how to build the others', async () => {
  const template = {
    builders: [
      { type: 'vmware-iso', iso_url: 'x', vmx_data: {} },
      { type: 'null', communicator: 'none' },
      { type: 'azure-arm', name: 'azure' },
    ],
    'post-processors': ['vagrant-cloud'],
  }
  await expect(load(template)).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    message: `template.json needs what there is not yet:
  template.json:3:5: builders[0]: there is no builder 'vmware-iso' yet
  template.json:12:5: builders[2]: there is no builder 'azure-arm' yet
  template.json:18:5: post-processors[0]: there is no post-processor 'vagrant-cloud' yet`,
    hint: '--only null --except vagrant-cloud leaves them out; imago convert writes what there is',
  })
})
