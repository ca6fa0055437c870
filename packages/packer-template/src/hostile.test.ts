import { isImagoError, plan } from '@imago/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { convertTemplate, inspectTemplate, loadTemplate } from './index.ts'

const options = { directory: '/work', env: () => undefined, now: new Date('2026-11-22T20:07:59Z') }

/** How reading a template in every way ends: with what there is in it, or with an error that says what is wrong. Anything else is thrown. */
async function outcomes(text: string): Promise<readonly ('read' | 'refused')[]> {
  const file = { path: 'template.json', text }
  const ways = [
    async (): Promise<unknown> => plan((await loadTemplate(file, options)).image),
    async (): Promise<unknown> => plan((await loadTemplate(file, { ...options, lenient: true })).image),
    () => convertTemplate(file, options),
    () => inspectTemplate(file, options),
  ]
  return await Promise.all(
    ways.map(async (read) => {
      try {
        await read()
        return 'read'
      } catch (error) {
        if (isImagoError(error, 'DEFINITION_INVALID')) return 'refused'
        throw error
      }
    }),
  )
}

/** Pieces of the template language, whole and broken. */
const expressions = fc
  .array(
    fc.constantFrom(
      '{{user `a`}}',
      '{{user `b` | upper}}',
      '{{user `none`}}',
      '{{isotime "2006"}}',
      '{{build `ID`}}',
      '{{build `Nothing`}}',
      '{{build_name}}',
      '{{.Vars}}',
      '{{ .Path }}',
      '{{.HTTPIP}}',
      '{{.Name}}',
      '{{.}}',
      '{{if .Sudo}}sudo {{end}}',
      '{{if eq (user `a`) "x"}}y{{else}}z{{end}}',
      '{{range .X}}{{break}}{{end}}',
      '{{env `HOME`}}',
      '{{split build_name "-" 9}}',
      '{{printf "%999d" 1}}',
      '{{',
      '}}',
      '{{end}}',
      "'",
      '"',
      '$(x)',
      '\\',
      '\u{0}',
      '\u{d800}',
      ' sh -c ',
      ',',
      '=',
      '12',
      '5m',
      'true',
      '',
      '\n',
      '__proto__',
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))

/** Texts that mean something in many places. */
const sound = fc.constantFrom(
  '{{user `a`}}',
  '{{user `b` | upper}}',
  'x-{{isotime "2006"}}',
  '{{build_name}}',
  'true',
  '12',
  'a=b',
  'a',
  '/tmp/x',
  '20G',
  'none',
)

const leaf = fc.oneof(
  { weight: 10, arbitrary: sound },
  { weight: 1, arbitrary: expressions },
  { weight: 1, arbitrary: fc.constantFrom<number | boolean | null>(0, 1, -1, 1e308, true, false, null) },
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 8, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom('a', 'name', 'type', 'filters', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
    },
  ),
}))

/** Components, and options of theirs that are not read as they stand. */
const components = {
  builders: {
    null: ['communicator', 'ssh_host', 'ssh_username', 'ssh_timeout', 'name'],
    docker: ['image', 'commit', 'changes', 'run_command', 'volumes', 'login', 'login_password', 'export_path', 'discard'],
    qemu: [
      'iso_url',
      'iso_urls',
      'iso_checksum',
      'disk_size',
      'qemuargs',
      'boot_command',
      'boot_steps',
      'boot_wait',
      'vm_name',
      'floppy_files',
      'http_content',
      'cpus',
      'cores',
    ],
    'virtualbox-iso': [
      'iso_url',
      'iso_checksum',
      'vboxmanage',
      'vboxmanage_post',
      'guest_additions_path',
      'guest_additions_url',
      'output_directory',
      'export_opts',
    ],
    'virtualbox-ovf': [
      'winrm_username',
      'winrm_password',
      'winrm_port',
      'winrm_use_ssl',
      'winrm_insecure',
      'winrm_timeout',
      'winrm_use_ntlm',
    ],
    'amazon-ebs': [
      'source_ami',
      'source_ami_filter',
      'ami_name',
      'tags',
      'ami_block_device_mappings',
      'spot_price',
      'assume_role',
      'user_data',
      'ena_support',
    ],
    file: ['content', 'source', 'target'],
    'vmware-iso': ['iso_url'],
  },
  provisioners: {
    shell: [
      'inline',
      'script',
      'scripts',
      'execute_command',
      'environment_vars',
      'env',
      'pause_before',
      'max_retries',
      'only',
      'override',
      'expect_disconnect',
    ],
    'shell-local': ['inline', 'command', 'execute_command', 'environment_vars', 'only_on', 'valid_exit_codes'],
    file: ['source', 'sources', 'destination', 'direction', 'content'],
    ansible: ['playbook_file', 'extra_arguments', 'ansible_env_vars', 'inventory_file_template', 'groups'],
    'ansible-local': ['playbook_file', 'command', 'extra_arguments'],
    'chef-solo': ['json', 'run_list', 'execute_command', 'install_command', 'cookbook_paths'],
    'puppet-masterless': ['manifest_file', 'execute_command', 'facter', 'extra_arguments'],
    'salt-masterless': ['local_state_tree', 'salt_call_args', 'bootstrap_args'],
    powershell: ['inline', 'execute_command', 'elevated_user', 'elevated_password', 'execution_policy', 'environment_vars', 'remote_path'],
    'windows-shell': ['inline', 'execute_command', 'remote_path', 'valid_exit_codes'],
    'windows-restart': ['restart_command', 'restart_timeout', 'check_registry', 'registry_keys'],
    inspec: ['profile'],
  },
  'post-processors': {
    vagrant: ['output', 'compression_level', 'vagrantfile_template', 'override', 'include'],
    compress: ['output', 'format', 'compression_level'],
    checksum: ['checksum_types', 'output'],
    manifest: ['output', 'custom_data', 'strip_path'],
    'docker-tag': ['repository', 'tag', 'tags'],
    'docker-push': ['login', 'login_username', 'login_password', 'login_server'],
    'shell-local': ['inline', 'execute_command'],
    'amazon-import': ['ami_name', 's3_bucket_name', 'tags'],
  },
} as const

/** What they cannot do without. */
const needed: Readonly<Record<string, object>> = {
  null: { communicator: 'none' },
  docker: { image: 'debian', discard: true },
  qemu: { iso_url: 'x.iso', iso_checksum: 'none', ssh_username: 'root' },
  'virtualbox-iso': { iso_url: 'x.iso', iso_checksum: 'none', ssh_username: 'root' },
  'virtualbox-ovf': { source_path: 'a.ova', communicator: 'winrm', winrm_username: 'u', winrm_password: 'w' },
  'amazon-ebs': {
    source_ami: 'ami-0123456789abcdef0',
    instance_type: 't3.micro',
    ami_name: 'cow',
    ssh_username: 'root',
    region: 'eu-west-1',
  },
  shell: { inline: ['true'] },
  'shell-local': { inline: ['true'] },
  powershell: { inline: ['dir'] },
  'windows-shell': { inline: ['dir'] },
  ansible: { playbook_file: 'a.yml' },
  'ansible-local': { playbook_file: 'a.yml' },
  'chef-solo': { cookbook_paths: ['a'] },
  'puppet-masterless': { manifest_file: 'a.pp' },
  'salt-masterless': { local_state_tree: 'a' },
  'amazon-import': { s3_bucket_name: 'cows' },
  'docker-tag': { repository: 'cow' },
}

function componentOf(types: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<unknown> {
  return fc.oneof(
    ...Object.entries(types).map(([type, names]) =>
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 2 }).map((given) => ({ type, ...needed[type], ...given })),
    ),
  )
}

const templates = fc.record(
  {
    builders: fc.array(componentOf(components.builders), { minLength: 1, maxLength: 2 }),
    provisioners: fc.array(componentOf(components.provisioners), { maxLength: 3 }),
    'post-processors': fc.array(
      fc.oneof({ weight: 8, arbitrary: componentOf(components['post-processors']) }, { weight: 1, arbitrary: value }),
      { maxLength: 2 },
    ),
    variables: fc.dictionary(
      fc.constantFrom('a', 'b', 'c', '__proto__'),
      fc.oneof(
        { weight: 10, arbitrary: fc.constantFrom('x', 'true', '12', '', '{{env `HOME`}}', 'a,b', '{{.HTTPIP}}') },
        { weight: 1, arbitrary: leaf },
      ),
      { maxKeys: 3 },
    ),
    'sensitive-variables': fc.array(fc.constantFrom('a', 'b', 'zz'), { maxLength: 2 }),
    description: sound,
  },
  { requiredKeys: ['builders'] },
)

describe('whatever it is given, it reads it or says what is wrong', () => {
  test('any bytes', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.constantFrom('utf8', 'latin1', 'utf16le'), async (bytes, encoding) => {
        expect(await outcomes(Buffer.from(bytes).toString(encoding))).toHaveLength(4)
      }),
      { numRuns: 150 },
    )
  })

  test('any expressions in the options of any components', { timeout: 120_000 }, async () => {
    const counts = { read: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(templates, async (template) => {
        for (const outcome of await outcomes(JSON.stringify(template))) counts[outcome]++
      }),
      { numRuns: 200 },
    )
    // it is no test of refusals alone
    expect(counts.read).toBeGreaterThan(50)
  })

  test.each([
    ['arrays', '['.repeat(150), ']'.repeat(150)],
    ['objects', '{"a":'.repeat(150) + '1', '}'.repeat(150)],
    ['more arrays than there may be', '['.repeat(50_000), ']'.repeat(50_000)],
  ])('%s in each other', async (_, begin, end) => {
    const nested = `${begin}${end}`
    for (const text of [
      `{"builders":[{"type":"docker","image":${nested}}]}`,
      `{"builders":[{"type":"amazon-ebs","tags":${nested}}],"provisioners":${nested}}`,
      `{"builders":[{"type":"null","communicator":"none"}],"post-processors":${nested},"variables":${nested}}`,
      `{"builders":[{"type":"null","communicator":"none"}],"provisioners":[{"type":"chef-solo","json":${nested}}]}`,
    ]) {
      expect(await outcomes(text)).toHaveLength(4)
    }
  })

  test('templates of ten megabytes', { timeout: 240_000 }, async () => {
    const word = 'moo '.repeat(25)
    const local = (lines: readonly string[]): object => ({ type: 'shell-local', inline: lines })
    const cases: Readonly<Record<string, readonly object[]>> = {
      'many steps': Array.from({ length: 3000 }, () => local([`echo {{user \`a\`}} ${word.repeat(33)}`])),
      'many lines': [local(Array.from({ length: 100_000 }, () => `echo ${word}`))],
      'one text': [local([`${word.repeat(5)}{{user \`a\` | upper}}`.repeat(20_000)])],
    }
    for (const [name, provisioners] of Object.entries(cases)) {
      const text = JSON.stringify({ variables: { a: 'b' }, builders: [{ type: 'null', communicator: 'none' }], provisioners })
      expect({ name, isBig: text.length > 9_900_000 }).toEqual({ name, isBig: true })
      const { image } = await loadTemplate({ path: 'template.json', text }, options)
      expect(image.provisioners).toHaveLength(provisioners.length)
    }
  })
})
