import { describe, expect, test } from 'vitest'

import { load } from '../../test/load.ts'

async function optionsOf(provisioner: object, variables: object = {}): Promise<object | undefined> {
  const { image } = await load({ variables, builders: [{ type: 'null', communicator: 'none' }], provisioners: [provisioner] })
  return image.provisioners[0]?.options
}

const apply = "puppet apply --modulepath='{{.ModulePath}}' --detailed-exitcodes {{.ManifestFile}}"

describe('puppet-masterless', () => {
  test.for<[options: object, expected: object]>([
    [{ execute_command: `{{.FacterVars}} {{if .Sudo}}sudo -E {{end}}${apply}` }, {}],
    [{ execute_command: `{{if .Sudo}}sudo {{end}}${apply}`, prevent_sudo: true }, { sudo: false }],
    [{ execute_command: apply }, { sudo: false }],
    [{ execute_command: `sudo -EH ${apply}`, prevent_sudo: true }, {}],
    [
      {
        execute_command:
          'export http_proxy={{user `proxy`}} && export A="b c" && cd {{.WorkingDir}} && {{.FacterVars}}{{if .Sudo}} sudo -E {{end}} ' +
          "{{.PuppetBinDir}}/puppet apply --verbose --modulepath='{{.ModulePath}}' " +
          '{{if ne .HieraConfigPath ""}}--hiera_config=\'{{.HieraConfigPath}}\' {{end}}' +
          '{{if ne .ExtraArguments ""}}{{.ExtraArguments}} {{end}} --detailed-exitcodes {{.ManifestFile}}',
        puppet_bin_dir: '/opt/puppet',
        environment_vars: ['B=c'],
      },
      { env: { http_proxy: 'http://proxy:80', A: 'b c', B: 'c' }, logLevel: 'info', binDirectory: '/opt/puppet' },
    ],
    [
      { execute_command: `LANG=C sudo env X={{user \`proxy\`}}/x /usr/local/bin/puppet apply --noop {{.ManifestFile}}` },
      { env: { LANG: 'C', X: 'http://proxy:80/x' }, binDirectory: '/usr/local/bin', extraArguments: ['--noop'] },
    ],
    [
      { execute_command: `sudo puppet apply --debug --tags {{user \`empty\`}}x {{.ManifestFile}}`, extra_arguments: ['--noop'] },
      { logLevel: 'debug', extraArguments: ['--tags', 'x', '--noop'] },
    ],
  ])('%j', async ([options, expected]) => {
    const provisioner = { type: 'puppet-masterless', manifest_file: 'site.pp', ...options }
    expect(await optionsOf(provisioner, { proxy: 'http://proxy:80', empty: '' })).toEqual({ manifest: 'site.pp', ...expected })
  })

  test.each([
    'x',
    `${apply} | tee log`,
    `rm -rf /tmp/x && ${apply}`,
    `${apply} > log`,
    'puppet apply --modulepath={{.ModulePath}}:/etc/modules {{.ManifestFile}}',
    'puppet apply --modulepath {{.ModulePath}} {{.ManifestFile}}',
    'puppet apply --noop',
    'puppet agent {{.ManifestFile}}',
    '{{if .Sudo}}su -c {{end}} puppet apply {{.ManifestFile}}',
    '{{if .Sudo}}sudo {{else}}doas {{end}}puppet apply {{.ManifestFile}}',
    'cd /srv && puppet apply {{.ManifestFile}}',
    'A={{.WorkingDir}} puppet apply {{.ManifestFile}}',
    'puppet apply {{.Other}} {{.ManifestFile}}',
  ])('%s is not understood', async (command) => {
    await expect(optionsOf({ type: 'puppet-masterless', manifest_file: 'a', execute_command: command })).rejects.toThrow(
      "there is no counterpart of 'execute_command' of 'puppet-masterless' yet (write what it adds with extraArguments, env and sudo)",
    )
  })
})

test.for<[options: object, expected: object]>([
  [{ execute_command: '{{if .Sudo}}sudo {{end}}chef-solo --no-color -c {{.ConfigPath}} -j {{.JsonPath}}' }, { cookbooks: ['cookbooks'] }],
  [
    { execute_command: 'sudo /opt/chef/bin/chef-solo --legacy-mode -l debug -c {{.ConfigPath}} -j {{.JsonPath}}' },
    { cookbooks: ['cookbooks'], binDirectory: '/opt/chef/bin', extraArguments: ['--legacy-mode', '-l', 'debug'] },
  ],
])('chef-solo: %j', async ([options, expected]) => {
  const provisioner = { type: 'chef-solo', cookbook_paths: ['cookbooks'], skip_install: true, ...options }
  expect(await optionsOf(provisioner)).toEqual(expected)
})

test('puppet-server', async () => {
  const command =
    '{{.FacterVars}} {{if .Sudo}} sudo -E {{end}}puppet agent --onetime --no-daemonize {{if ne .PuppetServer ""}}--server=\'{{.PuppetServer}}\' {{end}}--detailed-exitcodes'
  expect(await optionsOf({ type: 'puppet-server', puppet_server: 'a', execute_command: command })).toEqual({
    server: 'a',
    identity: 'machine',
  })
})

test.for<[options: object, expected: object]>([
  [{ command: 'ansible-playbook' }, {}],
  [
    { command: 'ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook' },
    { environment: { ANSIBLE_FORCE_COLOR: '1', PYTHONUNBUFFERED: '1' } },
  ],
  [
    { command: 'sudo /opt/venv/bin/ansible-playbook -v', extra_arguments: ['--diff'] },
    { sudo: true, binDirectory: '/opt/venv/bin', extraArguments: ['-v', '--diff'] },
  ],
])('ansible-local: %j', async ([options, expected]) => {
  const plain = { playbook: 'a.yml', sudo: false, hostAlias: '127.0.0.1' }
  expect(await optionsOf({ type: 'ansible-local', playbook_file: 'a.yml', ...options })).toEqual({ ...plain, ...expected })
})

test('a command of Ansible that is another program', async () => {
  await expect(optionsOf({ type: 'ansible-local', playbook_file: 'a.yml', command: 'su - deploy -c ansible-playbook' })).rejects.toThrow(
    "there is no counterpart of 'command' of 'ansible-local' yet",
  )
})
