import type { Facts } from '@imago/core'
import { isSecret, reveal } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { builderOptions, load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

const windows = { communicator: 'winrm', winrm_username: 'vagrant' }
const access = { ...windows, winrm_password: 'vagrant' }
const login = { user: 'vagrant', password: 'vagrant' }
const base = {
  null: { type: 'null', winrm_host: '192.0.2.8' },
  qemu: { type: 'qemu', iso_url: 'x.iso', iso_checksum: 'none' },
  virtualbox: { type: 'virtualbox-iso', iso_url: 'x.iso', iso_checksum: 'none' },
  amazon: { type: 'amazon-ebs', source_ami: 'ami-0123456789abcdef0', instance_type: 't3.micro', ami_name: 'cow' },
}

describe('the way in', () => {
  test.for<[given: object, expected: object]>([
    [{}, login],
    [
      { winrm_port: 15_985, winrm_timeout: '4h', pause_before_connecting: '1m' },
      { ...login, port: 15_985, timeout: '4h', pauseBeforeConnecting: '1m' },
    ],
    [{ winrm_use_ssl: true }, { ...login, tls: true }],
    [
      { winrm_use_ssl: 'true', winrm_insecure: 'true' },
      { ...login, tls: { insecure: true } },
    ],
    [{ winrm_insecure: true }, login],
    [{ winrm_use_ntlm: true }, { ...login, auth: 'ntlm' }],
    [{ winrm_no_proxy: true, winrm_connect_timeout: '1m', winrm_retry_interval: '5s' }, login],
    [{ winrm_password: undefined }, { ...login, password: '' }],
  ])('%j becomes %j', async ([given, expected]) => {
    const options = without({ ...base.null, ...access, ...given })
    expect(await builderOptions(options)).toEqual({ communicator: 'winrm', host: '192.0.2.8', ...expected })
  })
  test('virtual machines have it in the place of ssh', async () => {
    expect(await builderOptions({ ...base.qemu, ...access })).toMatchObject({ winrm: login })
    expect(await builderOptions({ ...base.qemu, ...access })).not.toHaveProperty('ssh')
    const own = { ...base.qemu, ...access, skip_nat_mapping: true, winrm_host: '192.0.2.9' }
    expect(await builderOptions(own)).toMatchObject({ winrm: { ...login, host: '192.0.2.9' } })
    const ports = { ...base.virtualbox, ...access, host_port_min: 3000 }
    expect(await builderOptions(ports)).toMatchObject({ winrm: { ...login, hostPorts: [3000, 4444] } })
  })
  test('a password that is sensitive is a secret', async () => {
    const builders = [{ ...base.null, ...windows, winrm_password: '{{user `password`}}' }]
    const { image } = await load({ builders, variables: { password: 'hunter22' }, 'sensitive-variables': ['password'] })
    const { password } = (image.builders['null']?.options ?? {}) as { readonly password?: unknown } // as the template has it
    expect(isSecret(password) && reveal(password)).toBe('hunter22')
  })
  test.for<[given: object, expected: object]>([
    [{}, { user: 'vagrant' }],
    [{ windows_password_timeout: '30m' }, { user: 'vagrant', windowsPassword: { timeout: '30m' } }],
    [
      { winrm_password: 'hunter22', windows_password_timeout: '30m' },
      { user: 'vagrant', password: 'hunter22' },
    ],
    [
      { ssh_keypair_name: 'mine', ssh_private_key_file: 'key.pem' },
      { user: 'vagrant', keyPair: 'mine', key: { file: 'key.pem' } },
    ],
    [
      { winrm_use_ssl: true, winrm_insecure: true, ssh_interface: 'private_ip' },
      { user: 'vagrant', tls: { insecure: true }, address: 'private-ip' },
    ],
  ])('an instance of EC2: %j becomes %j', async ([given, expected]) => {
    expect(await builderOptions({ ...base.amazon, ...windows, ...given })).toMatchObject({
      connect: { communicator: 'winrm', ...expected },
    })
  })
  test.for<[builder: object, message: string]>([
    [{ ...base.null, communicator: 'winrm' }, "'winrm_username' is missing"],
    [{ type: 'null', ...access }, "'winrm_host' is missing"],
    [
      { ...base.null, communicator: 'telnet' },
      "there is no counterpart of 'communicator' of 'null' yet (there are 'ssh', 'winrm' and 'none')",
    ],
    [{ ...base.qemu, ...access, winrm_host: '192.0.2.9' }, "there is no counterpart of 'winrm_host' of 'qemu' yet (with skip_nat_mapping"],
    [{ ...base.null, ...access, winrm_prot: 1 }, "unknown option 'winrm_prot' (did you mean 'winrm_port'?)"],
    [{ ...base.amazon, ...windows, ssh_interface: 'session_manager' }, 'connect.address'],
  ])('%j is refused', async ([builder, message]) => {
    await expect(load({ builders: [builder] })).rejects.toThrow(message)
  })
})

describe('steps', () => {
  test.for<[provisioner: object, expected: object]>([
    [{ type: 'powershell', inline: 'a' }, { inline: ['a'] }],
    [
      { type: 'powershell', script: 'a.ps1', environment_vars: ['A=b'], env: { C: 'd' }, valid_exit_codes: ['0', 3010] },
      { script: 'a.ps1', env: { A: 'b', C: 'd' }, validExitCodes: [0, 3010] },
    ],
    [
      { type: 'powershell', scripts: ['a.ps1'], execution_policy: 'remotesigned', use_pwsh: true, debug_mode: 1, remote_path: 'C:/a.ps1' },
      { scripts: ['a.ps1'], executionPolicy: 'RemoteSigned', usePwsh: true, trace: 1, remotePath: 'C:/a.ps1' },
    ],
    [
      { type: 'powershell', inline: ['a'], execution_policy: 'none' },
      { inline: ['a'], executionPolicy: 'none' },
    ],
    [
      {
        type: 'powershell',
        inline: ['a'],
        skip_clean: true,
        start_retry_timeout: '1m',
        env_var_format: '%s',
        elevated_env_var_format: '%s',
        binary: true,
      },
      { inline: ['a'] },
    ],
    [
      { type: 'powershell', inline: ['a'], elevated_user: 'SYSTEM', elevated_password: '' },
      { inline: ['a'], elevated: { user: 'SYSTEM' } },
    ],
    [
      { type: 'powershell', inline: ['a'], elevated_user: 'me', elevated_password: 'x', execute_command: 'powershell {{.Path}}' },
      { inline: ['a'], elevated: { user: 'me', password: 'x' } },
    ],
    [
      { type: 'powershell', inline: ['a'], elevated_user: 'me' },
      { inline: ['a'], elevated: { user: 'me', password: '' } },
    ],
    [{ type: 'windows-restart' }, {}],
    [
      { type: 'windows-restart', restart_command: 'a', restart_check_command: 'b', restart_timeout: '1h', check_registry: true },
      { command: 'a', check: 'b', within: '1h', registryKeys: true },
    ],
    [{ type: 'windows-restart', check_registry: true, registry_keys: ['HKLM:X'] }, { registryKeys: ['HKLM:X'] }],
    [{ type: 'windows-restart', registry_keys: ['HKLM:X'] }, {}],
    [
      { type: 'windows-shell', inline: ['a'], environment_vars: ['A=b'], valid_exit_codes: 3010, remote_path: 'C:/a.bat' },
      { inline: ['a'], env: { A: 'b' }, validExitCodes: [3010], remotePath: 'C:/a.bat' },
    ],
  ])('%j becomes %j', async ([provisioner, expected]) => {
    expect(await optionsOf(provisioner)).toEqual(expected)
  })
  test("an elevated step may have the connection's password", async () => {
    const provisioner = { type: 'powershell', inline: ['a'], elevated_user: 'Administrator', elevated_password: '{{.WinRMPassword}}' }
    const { elevated } = (await optionsOf(provisioner)) as { readonly elevated: { readonly password: (facts: Facts) => string } } // late
    const facts: Facts = { buildName: 'b', builderType: 't', runId: 'r', image: 'i', winrmPassword: 'hunter22' }
    expect(elevated.password(facts)).toBe('hunter22')
    const { code } = await convertTemplate(file({ builders: [{ ...base.null, ...access }], provisioners: [provisioner] }), {
      directory: '/work',
    })
    expect(code).toContain("elevated: { user: 'Administrator', password: (facts) => facts.winrmPassword ?? '' },")
  })
  test('what it says of the connection, a script can be given', async () => {
    const provisioner = { type: 'powershell', inline: ['a'], environment_vars: ['P={{.WinRMPassword}}', 'Q={{build `WinRMPassword`}}'] }
    const { env } = (await optionsOf(provisioner)) as { readonly env: Record<'P' | 'Q', (facts: Partial<Facts>) => string> } // late
    expect([env.P({ winrmPassword: 'x' }), env.Q({ winrmPassword: 'x' })]).toEqual(['x', 'x'])
  })
})

describe('commands of PowerShell', () => {
  const own = `powershell -executionpolicy bypass "& { if (Test-Path variable:global:ProgressPreference){set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'};. {{.Vars}}; &'{{.Path}}'; exit $LastExitCode }"`
  test.for<[command: string, expected: object]>([
    [own, {}],
    [
      own.replace(
        'if (Test-Path variable:global:ProgressPreference){set-variable -name variable:global:ProgressPreference',
        'if (Test-Path variable:global:ProgressPreference){set-variable -name progressPreference',
      ),
      {},
    ],
    [
      `powershell.exe -ExecutionPolicy Unrestricted "& { {{.Vars}}; & '{{.Path}}'; exit $LastExitCode}"`,
      { executionPolicy: 'Unrestricted' },
    ],
    ['{{.Vars}}powershell -NoProfile -File {{.Path}}', { executionPolicy: 'none' }],
    ['pwsh -executionpolicy bypass -file "{{.Path}}"', { usePwsh: true }],
  ])('%s is %j', async ([command, expected]) => {
    expect(await optionsOf({ type: 'powershell', inline: ['a'], execute_command: command })).toEqual({ inline: ['a'], ...expected })
  })
  test('another is run as it stands, without an environment of its own', async () => {
    const command = `powershell -version 2 "& { . {{.Vars}}; &'{{.Path}}'; exit 0 }"`
    const { command: make } = await commandOf({ type: 'powershell', inline: ['a'], execute_command: command })
    expect(make({ path: 'C:\\x.ps1' })).toBe(`powershell -version 2 "& { . {}; &'C:\\x.ps1'; exit 0 }"`)
    const template = {
      builders: [{ ...base.null, ...access }],
      provisioners: [{ type: 'powershell', inline: ['a'], execute_command: command }],
    }
    const { code } = await convertTemplate(file(template), { directory: '/work' })
    expect(code).toContain('command: ({ path }) => `powershell -version 2 "& { . {}; &\'${path}\'; exit 0 }"`,')
  })
  test('one that changes what happens is not taken for our own', async () => {
    const commands = [
      own.replace('exit $LastExitCode', 'exit 0'),
      own.replace("&'{{.Path}}'", "&'{{.Path}}'; &'{{.Path}}'"),
      own.replace('bypass', 'lax'),
      `powershell -executionpolicy bypass "& { cd C:/x; &'{{.Path}}' }"`,
    ]
    for (const command of commands) {
      const { command: make } = await commandOf({ type: 'powershell', inline: ['a'], execute_command: command })
      expect(make({ path: 'P' })).toContain("&'P'")
    }
  })
  test('stands in the place of what else says how PowerShell is started', async () => {
    const options = { type: 'powershell', inline: ['a'], execution_policy: 'allsigned', use_pwsh: true, debug_mode: 1 }
    expect(await optionsOf({ ...options, execute_command: own })).toEqual({ inline: ['a'] })
    expect(Object.keys(await optionsOf({ ...options, execute_command: 'x {{.Path}}' }))).toEqual(['inline', 'command'])
  })
  test('a command for a task has no counterpart, unless it is our own', async () => {
    const provisioner = { type: 'powershell', inline: ['a'], elevated_user: 'me', elevated_password: 'x' }
    expect(await optionsOf({ ...provisioner, elevated_execute_command: own })).toEqual({
      inline: ['a'],
      elevated: { user: 'me', password: 'x' },
    })
    await expect(optionsOf({ ...provisioner, elevated_execute_command: 'cmd /c {{.Path}}' })).rejects.toThrow(
      "there is no counterpart of 'elevated_execute_command' of 'powershell' yet",
    )
  })
})

describe('commands of batch files', () => {
  test.for<[command: string, more: object, expected: object]>([
    ['{{.Vars}}"{{.Path}}"', {}, {}],
    ['{{ .Vars }} cmd /c "{{ .Path }}"', {}, {}],
    ['{{.Vars}} cmd /c C:/Windows/Temp/script.bat', {}, {}],
    ['{{.Vars}} cmd /c C:\\x.bat', { remote_path: 'C:/x.bat' }, { remotePath: 'C:/x.bat' }],
  ])('%s with %j is %j', async ([command, more, expected]) => {
    expect(await optionsOf({ type: 'windows-shell', inline: ['a'], execute_command: command, ...more })).toEqual({
      inline: ['a'],
      ...expected,
    })
  })
  test.for<[options: object, expected: object]>([
    [{ remote_path: '/tmp/script.bat', execute_command: '{{.Vars}} cmd /c C:/Windows/Temp/script.bat' }, {}],
    [{ remote_path: '%TEMP%/script.bat' }, {}],
    [{ remote_path: '{{user `empty`}}' }, {}],
  ])('a path that is none to Windows, in %j, is left out', async ([options, expected]) => {
    const provisioner = { type: 'windows-shell', inline: ['a'], ...options }
    expect(await optionsOf(provisioner)).toEqual({ inline: ['a'], ...expected })
    const ps1 = { type: 'powershell', inline: ['a'], remote_path: '${env:Temp}/x.ps1' }
    const { warnings } = await load({ builders: [{ ...base.null, ...access }], provisioners: [ps1] })
    expect(warnings.map(({ message }) => message)).toEqual([
      "'${env:Temp}/x.ps1' is no path that Windows runs a script at: the script has a name of its own",
    ])
  })
  test('another is run as it stands, with the path that it names', async () => {
    const { command } = await commandOf({ type: 'windows-shell', inline: ['a'], execute_command: '{{.Vars}} start /wait {{.Path}}' })
    expect(command({ path: 'P' })).toBe('start /wait P')
    const named = await commandOf({ type: 'windows-shell', inline: ['a'], execute_command: 'start /wait c:/Windows/Temp/script.bat' })
    expect([named.remotePath, named.command({ path: 'P' })]).toEqual([
      'c:/Windows/Temp/script.bat',
      'start /wait c:/Windows/Temp/script.bat',
    ])
  })
})

function file(template: object): { readonly path: string; readonly text: string } {
  return { path: 'template.json', text: JSON.stringify(template) }
}

async function optionsOf(provisioner: object): Promise<object> {
  const { image } = await load({ builders: [{ ...base.null, ...access }], provisioners: [provisioner], variables: { empty: '' } })
  return image.provisioners[0]?.options ?? {}
}

async function commandOf(provisioner: object) {
  const options = await optionsOf(provisioner)
  return options as { readonly command: (script: { readonly path: string }) => string; readonly remotePath?: string } // says the table
}

function without(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
