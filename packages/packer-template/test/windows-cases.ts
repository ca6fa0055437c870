import type { StructureCase } from './structure-cases.ts'

type Options = Readonly<Record<string, unknown>>

const access = { communicator: 'winrm', winrm_username: 'u', winrm_password: 'password' }
const none = { type: 'null', communicator: 'none' }

function template(builder: Options, provisioner?: Options): string {
  const given = Object.fromEntries(Object.entries(builder).filter(([, value]) => value !== undefined))
  return JSON.stringify({
    variables: { flag: 'true', number: '5986', empty: '' },
    builders: [given],
    ...(provisioner !== undefined && { provisioners: [provisioner] }),
  })
}

const host = (options: Options): string => template({ type: 'null', winrm_host: '192.0.2.8', ...access, ...options })
const machine = (options: Options): string =>
  template({ type: 'qemu', iso_url: 'http://192.0.2.1/x.iso', iso_checksum: 'none', ...access, ...options })
const virtualbox = (options: Options): string =>
  template({ type: 'virtualbox-iso', iso_url: 'http://192.0.2.1/x.iso', iso_checksum: 'none', ...access, ...options })
const instance = (options: Options): string =>
  template({
    type: 'amazon-ebs',
    region: 'eu-west-1',
    access_key: 'AKIAIOSFODNN7EXAMPLE',
    secret_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    source_ami: 'ami-0123456789abcdef0',
    instance_type: 't3.micro',
    ami_name: 'cow',
    communicator: 'winrm',
    winrm_username: 'Administrator',
    ...options,
  })
const powershell = (options: Options): string => template(none, { type: 'powershell', inline: ['dir'], ...options })
const batch = (options: Options): string => template(none, { type: 'windows-shell', inline: ['dir'], ...options })
const restart = (options: Options): string => template(none, { type: 'windows-restart', ...options })

const accepted: Readonly<Record<string, string>> = {
  'a host over TLS': host({
    winrm_use_ntlm: '{{user `flag`}}',
    winrm_no_proxy: true,
    winrm_use_ssl: true,
    winrm_insecure: 'true',
    winrm_port: '{{user `number`}}',
    winrm_timeout: '4h',
  }),
  'a machine over WinRM': machine({ winrm_timeout: '4h' }),
  'a machine of VirtualBox over WinRM': virtualbox({ winrm_port: 5985 }),
  'an instance with the password of Windows': instance({ windows_password_timeout: '30m' }),
  'an instance with a password': instance({ winrm_password: 'password', winrm_use_ssl: true }),
  'PowerShell with much': powershell({
    inline: 'dir',
    environment_vars: ['A=b'],
    valid_exit_codes: [0, 3010],
    start_retry_timeout: '10m',
    skip_clean: true,
    remote_path: 'c:/Windows/Temp/x.ps1',
  }),
  'PowerShell with a policy': powershell({ execution_policy: 'remotesigned' }),
  'PowerShell with rights': powershell({ elevated_user: 'u', elevated_password: 'password' }),
  'PowerShell with the rights of the system': powershell({ elevated_user: 'SYSTEM', elevated_password: '' }),
  'PowerShell with the password of Windows': powershell({ elevated_user: 'Administrator', elevated_password: '{{.WinRMPassword}}' }),
  'PowerShell with a command': powershell({ execute_command: 'powershell -executionpolicy bypass "& { . {{.Vars}}; &\'{{.Path}}\' }"' }),
  'a batch file': batch({ valid_exit_codes: '3010', environment_vars: 'A=b' }),
  'a batch file with a command': batch({ execute_command: '{{.Vars}} cmd /c "{{.Path}}"', remote_path: 'c:/x.bat' }),
  'a restart with everything': restart({
    restart_command: 'shutdown /r',
    restart_check_command: 'ver',
    restart_timeout: '1h',
    check_registry: true,
    registry_keys: ['HKLM:X'],
  }),
  'a restart with an empty variable': restart({ restart_check_command: '{{user `empty`}}' }),
}

const refused: Readonly<Record<string, string>> = {
  'a host without a user': host({ winrm_username: undefined }),
  'a host that is nowhere': host({ winrm_host: undefined }),
  'a host with a port that is a word': host({ winrm_port: 'x' }),
  'a machine over WinRM without a user': machine({ winrm_username: undefined }),
  'an instance over WinRM without a user': instance({ winrm_username: undefined }),
  'a communicator that there is not': host({ communicator: 'telnet' }),
  'PowerShell without a script': template(none, { type: 'powershell' }),
  'PowerShell twice': powershell({ script: 'windows-cases.ts' }),
  'PowerShell with a password of nobody': powershell({ elevated_password: 'password' }),
  'PowerShell with a policy that there is not': powershell({ execution_policy: 'lax' }),
  'an option that PowerShell has not': powershell({ inlien: ['dir'] }),
  'a batch file with rights': batch({ elevated_user: 'u' }),
  'a restart in a time that is none': restart({ restart_timeout: 'soon' }),
}

const lenient: Readonly<Record<string, string>> = {
  'PowerShell with a policy in capitals': powershell({ execution_policy: 'RemoteSigned' }),
}

/** Templates with Windows, and whether Packer 1.6.6 accepts them. */
export const windowsCases: readonly StructureCase[] = [
  ...Object.entries(accepted).map(([name, text]) => ({ name, template: text, accepted: true })),
  ...Object.entries(refused).map(([name, text]) => ({ name, template: text, accepted: false })),
  ...Object.entries(lenient).map(([name, text]) => ({ name, template: text, accepted: false, leniency: true as const })),
]
