import { expect, test } from 'vitest'

import { load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

async function optionsOf(options: object): Promise<{ readonly options: object; readonly warnings: readonly string[] }> {
  const provisioner = { type: 'ansible', playbook_file: 'play/site.yml', ...options }
  const variables = { region: 'eu' }
  const { image, warnings } = await load({ variables, builders: [{ type: 'null', communicator: 'none' }], provisioners: [provisioner] })
  const [step] = image.provisioners
  if (step === undefined) throw new Error('no step')
  return { options: step.options, warnings: warnings.map(({ message }) => message) }
}

test.for<[options: object, expected: object]>([
  [{}, {}],
  [{ playbook_file: '{{template_dir}}/site.yml' }, { playbook: 'site.yml' }],
  [
    { groups: ['web', 'db'], empty_groups: 'cache', host_alias: 'cow', user: 'debian', command: 'ansible-wrapper' },
    { groups: ['web', 'db'], emptyGroups: ['cache'], hostAlias: 'cow', user: 'debian', command: 'ansible-wrapper' },
  ],
  [{ extra_arguments: ['-e', 'port=80', '--become'] }, { extraArguments: ['-e', 'port=80', '--become'] }],
  [{ ansible_env_vars: ['ANSIBLE_FORCE_COLOR=1', 'X=a=b'] }, { environment: { ANSIBLE_FORCE_COLOR: '1', X: 'a=b' } }],
  [{ inventory_directory: 'inventories/prod' }, { inventories: ['inventories/prod'] }],
  [{ inventory_file: 'hosts' }, { inventories: ['hosts'] }],
  [
    { galaxy_file: 'r.yml', galaxy_command: 'g', galaxy_force_with_deps: true },
    { galaxyFile: 'r.yml', galaxyCommand: 'g', galaxyForce: true },
  ],
  [{ galaxy_file: 'r.yml', roles_path: 'roles', collections_path: 'c' }, { galaxyFile: 'r.yml' }],
  [
    { roles_path: 'roles', collections_path: 'c' },
    { rolesPath: ['roles'], collectionsPath: ['c'] },
  ],
  [{ use_proxy: true }, { connection: 'adapter' }],
  [{ inventory_file_template: '{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} ansible_port={{ .Port }}\n' }, {}],
  [
    { inventory_file_template: "{{.HostAlias}} ansible_host={{.Host}} port=8080 debug=True role='web server' region={{user `region`}}\n" },
    { hostVariables: { port: 8080, debug: true, role: 'web server', region: 'eu' } },
  ],
  [{ use_proxy: false, local_port: 22, use_sftp: true, ssh_host_key_file: 'k' }, {}],
])('%o', async ([options, expected]) => {
  expect((await optionsOf(options)).options).toEqual({ playbook: 'play/site.yml', ...expected })
})

test('arguments may be made while the build runs, and become code', async () => {
  const template = {
    builders: [{ type: 'null', communicator: 'none' }],
    provisioners: [{ type: 'ansible', playbook_file: 'site.yml', extra_arguments: ['-e', 'build={{build `ID`}}'] }],
  }
  const { code } = await convertTemplate({ path: 'template.json', text: JSON.stringify(template) }, { directory: '/work' })
  expect(code).toContain("import { ansible } from '@imago/provisioner-ansible'")
  expect(code).toMatch(/extraArguments: \(facts\) => \['-e', `build=\$\{facts\.\w+/)
})

test.each([
  'all: { hosts: x }',
  '[web]\n{{.HostAlias}} ansible_host={{.Host}}\n',
  '{{.HostAlias}} ansible_host={{.Host}} name={{.Host}}.example',
  '{{.HostAlias}} ansible_host={{.Other}}',
  '{{.HostAlias}} web',
])('an inventory of another form: %s', async (template) => {
  await expect(optionsOf({ inventory_file_template: template })).rejects.toThrow(
    /there is no counterpart of 'inventory_file_template' of 'ansible' yet \(give the variables in it as hostVariables\)|is known only while/,
  )
})
