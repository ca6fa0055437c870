import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Provisioner } from '@imago/core'
import { defineImage, secret, validate } from '@imago/core'
import type { FakeMachine } from '@imago/testing'
import { expectMachine, fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ChefClientOptions, ChefSoloOptions } from './index.ts'
import { chefClient, chefSolo } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-chef-'))
  for (const folder of ['work', 'cookbooks', 'roles', 'certificates']) await mkdir(join(directory, folder))
  for (const name of ['secret', 'key.pem', 'extra.rb', 'cookbooks/a']) await writeFile(join(directory, name), name)
})
afterEach(async () => await rm(directory, { recursive: true }))

const common = { stagingDirectory: '/s', sudo: false } as const

async function provision(step: Provisioner<string>, machine: FakeMachine = fakeMachine()) {
  machine.on(/command -v -- .*-solo/, { stdout: '/opt/chef/bin/chef-solo\n' })
  machine.on(/command -v -- .*-client/, { stdout: '/opt/chef/bin/chef-client\n' })
  machine.on(/command -v -- .*knife/, { stdout: '/opt/chef/bin/knife\n' })
  const context = provisionContext({ machine, directory, workDirectory: join(directory, 'work') })
  await step.provision(context)
  const commands = machine.commands.flatMap(({ command }) => (Array.isArray(command) && command[0]?.startsWith('/opt') ? [command] : []))
  return { machine, commands, files: machine.files, said: context.said }
}

const solo = async (options: Partial<ChefSoloOptions>, machine?: FakeMachine) =>
  await provision(chefSolo({ ...common, cookbooks: ['cookbooks'], runList: ['a'], ...options } as ChefSoloOptions), machine) // from parts

describe('chefSolo', () => {
  test('runs with settings and attributes of its own', async () => {
    const { commands, files } = await solo({})
    expect(commands).toEqual([
      [
        '/opt/chef/bin/chef-solo',
        '--no-color',
        '--force-formatter',
        '--config',
        '/s/settings.rb',
        '--json-attributes',
        '/s/attributes.json',
      ],
    ])
    expect(files.text('/s/settings.rb')).toMatchInlineSnapshot(`
      "cookbook_path ['/s/cookbooks/0']
      node_path '/s/nodes'
      file_cache_path '/s/cache'
      file_backup_path '/s/backup'
      log_location STDOUT
      "
    `)
    expect(files.text('/s/attributes.json')).toBe('{\n  "run_list": [\n    "a"\n  ]\n}\n')
    expect(files.entry('/s/attributes.json')).toMatchObject({ mode: 0o600 })
  })

  test('has all that is asked for, and quotes it for Ruby', async () => {
    const { commands, files } = await solo({
      roles: 'roles',
      environments: 'roles',
      dataBags: 'roles',
      environment: `it's a \\ #{x}`,
      remoteCookbooks: ['/srv/cookbooks'],
      encryptedDataBagSecret: secret('hunter22'),
      attributes: { token: secret('hunter33'), port: 80 },
      config: 'extra.rb',
      license: 'accept',
      logLevel: 'debug',
      extraArguments: ['--why-run'],
    })
    expect(commands[0]?.slice(-5)).toEqual(['--log_level', 'debug', '--chef-license', 'accept', '--why-run'])
    expect(files.text('/s/settings.rb')).toMatchInlineSnapshot(`
      "cookbook_path ['/s/cookbooks/0', '/srv/cookbooks']
      role_path '/s/roles'
      environment_path '/s/environments'
      environment 'it\\'s a \\\\ #{x}'
      data_bag_path '/s/data-bags'
      node_path '/s/nodes'
      encrypted_data_bag_secret '/s/data-bag-secret'
      file_cache_path '/s/cache'
      file_backup_path '/s/backup'
      log_location STDOUT
      from_file '/s/extra.rb'
      "
    `)
    expect(JSON.parse(files.text('/s/attributes.json') ?? '')).toEqual({ run_list: ['a'], token: 'hunter33', port: 80 })
    expect(files.entry('/s/data-bag-secret')).toMatchObject({ mode: 0o600, content: Buffer.from('hunter22') })
  })

  test('takes settings that are no file', async () => {
    const { files } = await solo({ config: { content: ({ buildName }) => `node_name '${buildName}'\n` } })
    expect(files.text('/s/extra.rb')).toBe(`node_name 'fake'\n`)
    expect(files.text('/s/settings.rb')).toMatch(/\nfrom_file '\/s\/extra\.rb'\n$/)
    const lines = await solo({ config: { content: ['log_level :info', ''] } })
    expect(lines.files.text('/s/extra.rb')).toBe('log_level :info\n\n')
  })

  test('restarts the machine when a recipe wants it, and runs again', async () => {
    const machine = fakeMachine().on(/chef-solo --no-color/, { exitCode: 35 }, { exitCode: 37 }, { exitCode: 0 })
    const { commands } = await solo({ onReboot: 'restart' }, machine)
    expect(commands).toHaveLength(3)
    expect(machine.records.filter(({ kind }) => kind === 'restart')).toHaveLength(2)
    const endless = fakeMachine().on(/chef-solo --no-color/, { exitCode: 35 })
    await expect(solo({ onReboot: 'restart' }, endless)).rejects.toThrow('Chef wants to run again after 5 runs')
    const container = fakeMachine({ restarts: false }).on(/chef-solo --no-color/, { exitCode: 35 })
    await expect(solo({ onReboot: 'restart' }, container)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test.each([
    [35, 'chef-solo failed with exit code 35: a recipe has scheduled a restart of the machine'],
    [37, 'chef-solo failed with exit code 37: a recipe needs the machine restarted'],
    [41, 'chef-solo failed with exit code 41: the machine could not be restarted'],
    [213, 'chef-solo failed with exit code 213: the client has upgraded itself, over and over'],
    [1, 'chef-solo failed with exit code 1'],
  ])('fails with exit code %i', async (exitCode, message) => {
    const machine = fakeMachine().on(/chef-solo --no-color/, { exitCode })
    await expect(solo({}, machine)).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode, message })
    expectMachine(machine).toHaveRun(/^rm -rf -- \/s$/)
  })

  test('goes on when a restart does not matter, and after an upgrade', async () => {
    const ignored = await solo({ onReboot: 'ignore' }, fakeMachine().on(/chef-solo --no-color/, { exitCode: 37 }))
    expect(ignored.said.events).toContainEqual(expect.objectContaining({ level: 'warning' }))
    const { commands } = await solo({}, fakeMachine().on(/chef-solo --no-color/, { exitCode: 213 }, { exitCode: 0 }))
    expect(commands).toHaveLength(2)
  })

  test('says what to install here for a Berksfile or a Policyfile', async () => {
    const path = join(directory, 'key.pem')
    const run = (step: Provisioner): Promise<unknown> => provision(step)
    const before = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      await expect(run(chefSolo({ berksfile: path }))).rejects.toMatchObject({
        code: 'TOOL_MISSING',
        hint: expect.stringContaining('Berkshelf'),
      })
      await expect(run(chefSolo({ policyfile: path, product: 'cinc' }))).rejects.toMatchObject({
        message: "there is no program 'cinc' on this machine",
        hint: expect.stringContaining('Cinc Workstation'),
      })
    } finally {
      process.env['PATH'] = before
    }
  })
})

describe('chefClient', () => {
  const client = async (options: object, machine?: FakeMachine) =>
    await provision(chefClient({ ...common, serverUrl: 'https://chef/organizations/cow', ...options }), machine)

  test('registers with its key, and is removed from the server', async () => {
    const { commands, files } = await client({
      validationKey: 'key.pem',
      policyName: 'web',
      policyGroup: 'test',
      verifyCertificate: false,
      trustedCertificates: 'certificates',
    })
    const config = ['--config', '/s/settings.rb']
    expect(commands).toEqual([
      ['/opt/chef/bin/chef-client', '--no-color', '--force-formatter', ...config, '--json-attributes', '/s/attributes.json'],
      ['/opt/chef/bin/knife', 'node', 'delete', 'imago-testrun0-fake', '--yes', ...config],
      ['/opt/chef/bin/knife', 'client', 'delete', 'imago-testrun0-fake', '--yes', ...config],
    ])
    expect(files.text('/s/settings.rb')).toMatchInlineSnapshot(`
      "chef_server_url 'https://chef/organizations/cow'
      node_name 'imago-testrun0-fake'
      client_key '/s/client.pem'
      validation_key '/s/validation.pem'
      validation_client_name 'chef-validator'
      policy_name 'web'
      policy_group 'test'
      ssl_verify_mode :verify_none
      trusted_certs_dir '/s/trusted'
      file_cache_path '/s/cache'
      file_backup_path '/s/backup'
      log_location STDOUT
      "
    `)
    expect(files.entry('/s/validation.pem')).toMatchObject({ mode: 0o600 })
  })

  test('leaves to the machine what is in the machine', async () => {
    const { files } = await client({ remoteClientKey: '/etc/chef/client.pem', remoteTrustedCertificates: '/etc/chef/trusted_certs' })
    expect(files.text('/s/settings.rb')).toContain("client_key '/etc/chef/client.pem'\n")
    expect(files.text('/s/settings.rb')).toContain("trusted_certs_dir '/etc/chef/trusted_certs'\n")
  })

  test('is removed from the server by the knife that is named', async () => {
    const knife = { binDirectory: '/srv/bin', sudo: true, extraArguments: ['--config-option', 'a=b'] }
    const { machine } = await client({ nodeName: 'n', keepClient: true, knife })
    const words = ['/srv/bin/knife', 'node', 'delete', 'n', '--yes', '--config', '/s/settings.rb', '--config-option', 'a=b']
    expectMachine(machine).toHaveRun(new RegExp(`sudo [\\s\\S]*exec ${words.join(' ')} `))
    expectMachine(machine).toHaveRun(/^\/opt\/chef\/bin\/chef-client /)
  })

  test('keeps what is to be kept, and what was there before', async () => {
    expect((await client({ clientKey: secret('the key'), nodeName: 'n', keepNode: true })).commands).toHaveLength(1)
    const { commands } = await client({ clientKey: 'key.pem' })
    expect(commands.map(([, kind]) => kind)).toEqual(['--no-color', 'node'])
  })

  test('is removed from the server after a failure, and a warning says when it is not', async () => {
    const failing = fakeMachine().on(/chef-client --no/, { exitCode: 1, stdout: '[2026-01-01] FATAL: Net::X: 401 "no"\n' })
    await expect(client({}, failing)).rejects.toThrow('chef-client failed with exit code 1: 401 "no"')
    expectMachine(failing).toHaveRun(/knife client delete/)
    const { said } = await client({}, fakeMachine().on(/knife client/, { exitCode: 100 }))
    expect(said.events).toContainEqual(
      expect.objectContaining({
        text: expect.stringMatching(/^the node and the client 'imago-.*' may still be on the server: 'knife client/),
      }),
    )
  })
})

describe('a definition', () => {
  const issuesOf = async (step: Provisioner<string>): Promise<readonly string[]> => {
    const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: [step as Provisioner] }) // names no build
    return (await validate(image, { directory })).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  }
  const soloIssues = async (options: object) => await issuesOf(chefSolo(options as ChefSoloOptions)) // wrong on purpose
  const clientIssues = async (options: object) => await issuesOf(chefClient(options as ChefClientOptions)) // wrong on purpose

  test('of chefSolo is checked before anything starts', async () => {
    expect(await soloIssues({ cookbooks: ['cookbooks'], runList: ['a', 'a::b', 'recipe[a]', 'role[b-c]'], roles: 'roles' })).toEqual([])
    expect(await soloIssues({ cookbooks: ['no'], roles: 'no', encryptedDataBagSecret: 'no', config: 'no' })).toMatchInlineSnapshot(`
      [
        "cookbooks.0: 'no' does not exist",
        "roles: 'no' does not exist",
        "encryptedDataBagSecret: 'no' does not exist",
        "config: 'no' does not exist",
      ]
    `)
    expect(await soloIssues({ berksfile: 'gone/Berksfile', policyfile: 'secret', runList: ['a b'] })).toMatchInlineSnapshot(`
      [
        "runList.0: must be a recipe or a role, such as 'nginx', 'recipe[nginx::ssl]', 'role[web]', not "a b"",
        "policyfile: berksfile and policyfile exclude each other",
        "runList: policyfile and runList exclude each other",
        "berksfile: 'gone/Berksfile' does not exist",
        "berksfile: 'gone' does not exist",
      ]
    `)
    expect(await soloIssues({ runlist: [], namedRunList: 'a', product: 'puppet', attributes: { a: 1n } })).toMatchInlineSnapshot(`
      [
        "product: must be 'chef' or 'cinc', not "puppet"",
        "attributes.a: must be string or number or boolean or null, not "1n"",
        "runlist: unknown option 'runlist'",
        ": one of cookbooks, berksfile, policyfile and remoteCookbooks is required",
        "namedRunList: belongs to policyfile",
      ]
    `)
  })

  test('of chefClient too', async () => {
    expect(await clientIssues({ serverUrl: 'https://a/organizations/b', clientKey: secret('the key') })).toEqual([])
    expect(
      await clientIssues({
        serverUrl: 'chef',
        policyName: 'a',
        runList: ['b'],
        clientKey: 'no',
        validationKey: 'key.pem',
        remoteClientKey: '/a',
        onReboot: 'restart',
        knife: { binDirectory: 'bin', with: 1 },
        config: { file: 'a' },
      }),
    ).toMatchInlineSnapshot(`
      [
        "config.content: is required",
        "config.file: unknown option 'file'",
        "serverUrl: must be a URL, not "chef"",
        "knife.binDirectory: must be an absolute path of the machine, not "bin"",
        "knife.with: unknown option 'with'",
        "onReboot: must be 'fail' or 'ignore', not "restart"",
        "runList: policyName and runList exclude each other",
        "validationKey: clientKey and validationKey exclude each other",
        "remoteClientKey: clientKey and remoteClientKey exclude each other",
        "policyGroup: is required: a policy has a name and a group",
        "clientKey: 'no' does not exist",
      ]
    `)
  })

  test('says what the step is', () => {
    expect(chefSolo({ cookbooks: ['a'], runList: ['x', 'role[y]'] })).toMatchObject({ type: 'chef-solo', title: 'chef x, role[y]' })
    expect(chefSolo({ policyfile: 'web.rb' }).title).toBe('chef web.rb')
    expect(chefClient({ serverUrl: 'https://a' })).toMatchObject({ type: 'chef-client', title: 'chef-client of https://a' })
  })
})
