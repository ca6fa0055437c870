import { describe, expect, test } from 'vitest'

import { load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

interface Step {
  readonly type: string
  readonly options: object
  readonly continueOnError?: boolean
}

async function stepOf(provisioner: object): Promise<{ readonly step: Step; readonly warnings: readonly string[] }> {
  const { image, warnings } = await load({ builders: [{ type: 'null', communicator: 'none' }], provisioners: [provisioner] })
  const [step] = image.provisioners
  if (step === undefined) throw new Error('no step')
  return { step, warnings: warnings.map(({ message }) => message) }
}

const salt = { script: expect.stringMatching(/bootstrap-salt\.sh$/), checksum: 'none' }
const chef = { script: 'https://omnitruck.chef.io/install.sh', checksum: 'none' }

describe('each option', () => {
  test.for<[type: string, given: object, expected: object]>([
    ['puppet-masterless', { manifest_file: 'site.pp' }, { manifest: 'site.pp' }],
    [
      'puppet-masterless',
      {
        manifest_file: '{{template_dir}}/site.pp',
        module_paths: ['modules'],
        hiera_config_path: 'hiera.yaml',
        facter: { role: 'web' },
        extra_arguments: ['--noop'],
        puppet_bin_dir: '/opt/puppetlabs/bin',
        working_directory: '/srv',
        staging_directory: '/tmp/p',
        prevent_sudo: true,
        guest_os_type: 'unix',
        clean_staging_directory: true,
      },
      {
        manifest: 'site.pp',
        modules: ['modules'],
        hiera: { config: 'hiera.yaml' },
        facts: { role: 'web' },
        extraArguments: ['--noop'],
        binDirectory: '/opt/puppetlabs/bin',
        workdir: '/srv',
        stagingDirectory: '/tmp/p',
        sudo: false,
      },
    ],
    ['puppet-server', {}, { identity: 'machine' }],
    [
      'puppet-server',
      { puppet_server: 'a', puppet_node: 'b', client_cert_path: 'c', client_private_key_path: 'd', staging_dir: '/tmp/p' },
      { server: 'a', node: 'b', identity: { certificates: 'c', privateKeys: 'd' }, stagingDirectory: '/tmp/p' },
    ],
    [
      'puppet-server',
      { options: "--noop --tags 'a,b'", extra_arguments: ['-v'] },
      { identity: 'machine', extraArguments: ['--noop', '--tags', 'a,b', '-v'] },
    ],
    ['salt-masterless', { local_state_tree: 'salt' }, { states: 'salt', statesDirectory: '/srv/salt', install: salt }],
    [
      'salt-masterless',
      {
        local_state_tree: 'salt',
        remote_state_tree: '/opt/salt/states',
        local_pillar_roots: 'pillar',
        remote_pillar_roots: '/opt/salt/pillar',
        skip_bootstrap: true,
        formulas: ['git::https://a/vault-formula.git//vault?ref=v1', 'git::ssh://git@a/b/c.git//c'],
      },
      {
        states: 'salt',
        statesDirectory: '/opt/salt/states',
        pillar: 'pillar',
        pillarDirectory: '/opt/salt/pillar',
        formulas: [
          { git: 'https://a/vault-formula.git', path: 'vault', ref: 'v1' },
          { git: 'ssh://git@a/b/c.git', path: 'c' },
        ],
      },
    ],
    [
      'salt-masterless',
      {
        local_state_tree: 'salt',
        local_pillar_roots: 'pillar',
        custom_state: 'a,b.c',
        log_level: 'debug',
        bootstrap_args: '-X  stable 3006',
        salt_call_args: `test=True pillar='{"a": 1}'`,
        salt_bin_dir: '/opt/bin',
        disable_sudo: true,
      },
      {
        states: 'salt',
        statesDirectory: '/srv/salt',
        pillar: 'pillar',
        pillarDirectory: '/srv/pillar',
        state: 'a,b.c',
        logLevel: 'debug',
        binDirectory: '/opt/bin',
        extraArguments: ['test=True', 'pillar={"a": 1}'],
        install: { ...salt, arguments: ['-X', 'stable', '3006'] },
        sudo: false,
      },
    ],
    ['salt-masterless', { local_state_tree: 'salt', skip_bootstrap: true }, { states: 'salt', statesDirectory: '/srv/salt' }],
    ['chef-solo', { run_list: ['a'] }, { cookbooks: [], runList: ['a'], install: chef, license: 'accept-silent' }],
    [
      'chef-solo',
      { run_list: ['a'], skip_install: true, json: { a: 1 }, json_string: '{ "b": "{{build_type}}" }' },
      { cookbooks: [], runList: ['a'], attributes: { a: 1, b: 'null' } },
    ],
    [
      'chef-solo',
      {
        install_command: 'curl -L https://a/i.sh | {{if .Sudo}}sudo {{end}}bash -s --{{if .Version}} -v {{.Version}}{{end}}',
        version: '18',
      },
      { cookbooks: [], install: { command: 'curl -L https://a/i.sh | bash -s -- -v 18' } },
    ],
    [
      'chef-solo',
      { install_command: 'apk add chef', chef_license: 'accept' },
      { cookbooks: [], install: { command: 'apk add chef' }, license: 'accept' },
    ],
    [
      'chef-solo',
      {
        cookbook_paths: ['cookbooks'],
        remote_cookbook_paths: ['/srv/cookbooks'],
        roles_path: 'roles',
        environments_path: 'environments',
        data_bags_path: 'bags',
        encrypted_data_bag_secret_path: 'secret',
        chef_environment: 'test',
        chef_license: 'accept-silent',
        json: { a: ['b', 1, { c: true, d: null }] },
        run_list: ['recipe[a::b]'],
        version: '18',
      },
      {
        cookbooks: ['cookbooks'],
        remoteCookbooks: ['/srv/cookbooks'],
        roles: 'roles',
        environments: 'environments',
        dataBags: 'bags',
        encryptedDataBagSecret: 'secret',
        environment: 'test',
        license: 'accept-silent',
        attributes: { a: ['b', 1, { c: true, d: null }] },
        runList: ['recipe[a::b]'],
        install: { ...chef, arguments: ['-v', '18'] },
      },
    ],
    [
      'chef-client',
      {
        server_url: 'https://a',
        node_name: 'n',
        policy_name: 'p',
        policy_group: 'g',
        validation_key_path: 'key.pem',
        validation_client_name: 'v',
        ssl_verify_mode: 'verify_none',
        trusted_certs_dir: '/etc/chef/certs',
        client_key: '/etc/chef/client.pem',
        knife_command: 'sudo /opt/bin/knife {{.Args}} {{.Flags}} -V',
        skip_clean_node: true,
        skip_clean_client: true,
        skip_install: true,
        prevent_sudo: true,
      },
      {
        serverUrl: 'https://a',
        nodeName: 'n',
        policyName: 'p',
        policyGroup: 'g',
        validationKey: 'key.pem',
        validationClientName: 'v',
        verifyCertificate: false,
        remoteTrustedCertificates: '/etc/chef/certs',
        remoteClientKey: '/etc/chef/client.pem',
        knife: { binDirectory: '/opt/bin', sudo: true, extraArguments: ['-V'] },
        keepNode: true,
        keepClient: true,
        sudo: false,
      },
    ],
    ['ansible-local', { playbook_file: 'site.yml' }, { playbook: 'site.yml', sudo: false, hostAlias: '127.0.0.1' }],
    [
      'ansible-local',
      {
        playbook_files: ['play/a.yml', 'play/b.yml'],
        playbook_dir: 'play',
        role_paths: ['roles/a'],
        group_vars: 'g',
        host_vars: 'h',
        inventory_file: 'hosts',
        galaxy_file: 'r.yml',
        extra_arguments: ['-v'],
        staging_directory: '/tmp/a',
        galaxy_command: 'ansible-galaxy',
      },
      {
        playbook: ['play/a.yml', 'play/b.yml'],
        playbookDirectory: 'play',
        roles: ['roles/a'],
        groupVars: 'g',
        hostVars: 'h',
        inventory: 'hosts',
        galaxyFile: 'r.yml',
        extraArguments: ['-v'],
        stagingDirectory: '/tmp/a',
        sudo: false,
      },
    ],
    [
      'ansible-local',
      { playbook_file: 'a.yml', inventory_groups: 'web,db' },
      { playbook: 'a.yml', groups: ['web', 'db'], sudo: false, hostAlias: '127.0.0.1' },
    ],
  ])('%s %o', async ([type, given, expected]) => {
    const { step, warnings } = await stepOf({ type, ...given })
    expect(step.options).toEqual(expected)
    expect(warnings).toEqual([])
  })

  test('exit codes that are ignored', async () => {
    const puppet = await stepOf({ type: 'puppet-masterless', manifest_file: 'site.pp', ignore_exit_codes: true })
    expect(puppet.step.continueOnError).toBe(true)
    const { step } = await stepOf({ type: 'salt-masterless', local_state_tree: 'salt', no_exit_on_failure: true })
    expect(step.continueOnError).toBe(true)
  })
})

test.for<[provisioner: object, option: string]>([
  [{ type: 'puppet-masterless', manifest_file: 'a', guest_os_type: 'windows' }, 'guest_os_type'],
  [{ type: 'puppet-masterless', manifest_file: 'a', execute_command: 'x' }, 'execute_command'],
  [{ type: 'puppet-server', client_cert_path: 'a' }, 'client_cert_path'],
  [{ type: 'salt-masterless', local_state_tree: 'a', salt_call_args: 'pillar=$(cat a)' }, 'salt_call_args'],
  [{ type: 'chef-client', server_url: 'https://a', knife_command: 'knife {{.Args}} | tee a' }, 'knife_command'],
  [{ type: 'chef-client', server_url: 'https://a', knife_command: 'A=b knife {{.Args}} {{.Flags}}' }, 'knife_command'],
  [{ type: 'ansible-local', playbook_file: 'a.yml', playbook_paths: ['b'] }, 'playbook_paths'],
])('what has no counterpart is said: %o', async ([provisioner, option]) => {
  const template = { builders: [{ type: 'null', communicator: 'none' }], provisioners: [provisioner] }
  const { code, missing } = await convertTemplate({ path: 'template.json', text: JSON.stringify(template) }, { directory: '/work' })
  expect(code).toContain(`// there is no counterpart of '${option}' yet`)
  expect(missing).toMatchObject([{ path: ['provisioners', 0, option], message: expect.stringContaining('there is no counterpart') }])
})

test('what the minion reads and does not keep is told', async () => {
  const { step, warnings } = await stepOf({ type: 'salt-masterless', local_state_tree: 'a', minion_config: 'm', grains_file: 'g' })
  expect(step.options).toMatchObject({ minionConfig: 'm', grains: 'g', statesDirectory: '/srv/salt' })
  expect(warnings).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('does not stay in the image')))
})

test.for<[given: object, problem: string]>([
  [{ formulas: ['git::https://a/b'] }, "formulas[0]: 'git::https://a/b' is no formula"],
  [{ formulas: ['git::https://a/b.git//c?ref=d&depth=1'] }, "only 'ref' has a counterpart behind the '?'"],
  [{ formulas: ['git::https://a/b.git//c?depth=1'] }, "only 'ref' has a counterpart behind the '?'"],
  [{ minion_config: 'm', remote_state_tree: '/srv/states' }, "'minion_config' and 'remote_state_tree' exclude each other"],
])('what salt-masterless refuses: %o', async ([given, problem]) => {
  await expect(stepOf({ type: 'salt-masterless', local_state_tree: 'a', ...given })).rejects.toThrow(problem)
})

test.for<[command: string, knife: object | undefined]>([
  ['{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}', undefined],
  ['sudo knife {{.Args}} {{.Flags}}', undefined],
  ['knife {{.Args}} {{.Flags}}', { sudo: false }],
])('knife runs as it is told: %s', async ([knife_command, knife]) => {
  const { step } = await stepOf({ type: 'chef-client', server_url: 'https://a', skip_install: true, knife_command })
  expect(step.options).toEqual({ serverUrl: 'https://a', ...(knife !== undefined && { knife }) })
})

test('variables follow into code', async () => {
  const template = {
    variables: { port: '80', empty: '', host: 'example.org', version: '18', token: null },
    builders: [{ type: 'null', communicator: 'none' }],
    provisioners: [
      {
        type: 'chef-solo',
        cookbook_paths: ['cookbooks'],
        run_list: ['a'],
        json: { site: { port: '{{user `port`}}', name: '{{user `empty`}}' } },
        version: '{{user `version`}}',
      },
      { type: 'puppet-masterless', manifest_file: 'site.pp', facter: { build: '{{build `ID`}}' } },
      {
        type: 'salt-masterless',
        local_state_tree: '{{template_dir}}/../salt',
        formulas: 'git::https://{{user `host`}}/a.git//b?ref=v{{user `port`}}',
      },
    ],
  }
  const file = { path: 'a/b/template.json', text: JSON.stringify(template) }
  const { code } = await convertTemplate(file, { directory: '/work' })
  expect(code).toMatch(/states: 'a\/salt'/)
  expect(code).toContain("import { chefSolo } from '@imago/provisioner-chef'")
  expect(code).toMatch(/arguments: \['-v', \w+\.version\]/)
  expect(code).toMatch(/attributes: \{ site: \{ port: \w+\.port, name: \w+\.empty \} \}/)
  expect(code).toMatch(/formulas: \[\{ git: `https:\/\/\$\{\w+\.host\}\/a\.git`, path: 'b', ref: `v\$\{\w+\.port\}` \}\]/)
  expect(code).toContain('facts: { build: (facts) => facts.machineId')
})
