import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { Job, WinrmStandIn } from '../src/stand-in.ts'
import { password, standIn, temporaryDirectory } from './machines.ts'

// Clients that others have written get through the stand-in: what our own client is tested with is no invention of ours alone.

const run = promisify(execFile)
const skipped = reasonToSkip({ packer: 'CHECKPOINT_DISABLE=1 packer version' })
const withoutPywinrm = reasonToSkip({ pywinrm: "/usr/bin/python3 -c 'import winrm'" })

describe.skipIf(skipped !== '')(`Packer${skipped}`, () => {
  test('puts files there, and runs scripts for cmd.exe and PowerShell', async () => {
    const stand = await standIn()
    answerPacker(stand)
    const folder = await temporaryDirectory()
    const content = randomBytes(20_000)
    await writeFile(join(folder, 'cow.bin'), content)
    const template = {
      builders: [
        {
          type: 'null',
          communicator: 'winrm',
          winrm_host: stand.host,
          winrm_port: stand.port,
          winrm_username: 'Administrator',
          winrm_password: password,
        },
      ],
      provisioners: [
        { type: 'file', source: 'cow.bin', destination: 'C:\\Windows\\Temp\\cow.bin' },
        { type: 'windows-shell', inline: ['echo %PACKER_BUILDER_TYPE%>C:\\said.txt', 'echo moo'] },
        { type: 'powershell', inline: ['Write-Host hello'] },
      ],
    }
    await writeFile(join(folder, 't.json'), JSON.stringify(template))
    const env = { PATH: process.env['PATH'], HOME: folder, CHECKPOINT_DISABLE: '1', PACKER_CONFIG_DIR: folder }
    const { stdout } = await run('packer', ['build', '-color=false', 't.json'], { cwd: folder, env })
    expect(stdout).toContain('Connected to WinRM!')
    expect(stdout).toMatch(/^ {4}null: moo$/m)
    expect(stdout).toMatch(/^ {4}null: Write-Host hello$/m)
    const uploaded = await readFile(join(stand.drive.directory, 'Windows/Temp/cow.bin'))
    expect(createHash('sha256').update(uploaded).digest('hex')).toBe(createHash('sha256').update(content).digest('hex'))
    expect((await readFile(join(stand.drive.directory, 'said.txt'), 'utf8')).trim()).toBe('null')
    expect(stand.openShells).toBe(0)
  })
})

describe.skipIf(withoutPywinrm !== '')(`pywinrm${withoutPywinrm}`, () => {
  test.for(['basic', 'ntlm'] as const)('gets in with %s, and runs commands', async (transport) => {
    const stand = await standIn({ auth: [transport], allowUnencrypted: transport === 'basic' })
    const folder = await temporaryDirectory()
    const script = `import winrm
session = winrm.Session('http://${stand.host}:${stand.port}/wsman', auth=('Administrator', '${password}'), transport='${transport}')
answer = session.run_cmd('echo', ['moo', '&', 'exit', '/b', '7'])
print(answer.status_code, answer.std_out)
`
    await writeFile(join(folder, 'session.py'), script)
    await writeFile(join(folder, 'openssl.cnf'), withMd4)
    const env = { OPENSSL_CONF: join(folder, 'openssl.cnf') }
    const { stdout } = await run('/usr/bin/python3', [join(folder, 'session.py')], { env })
    expect(stdout).toBe("7 b'moo\\r\\n'\n")
  })
})

/** NTLM needs MD4, which OpenSSL has put away; pywinrm asks for it. */
const withMd4 = `openssl_conf = all
[all]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

/** What Packer's PowerShell does, as far as it sends any: it is recognised, not interpreted. */
function answerPacker(stand: WinrmStandIn): void {
  const textOf = (job: Job, name: string): string => {
    const path = new RegExp(`\\$${name} = .*?"([^"]*)"`).exec(job.script ?? '')?.[1] ?? ''
    return job.drive.local(path.replace('$env:TEMP', job.env.get('TEMP') ?? ''))
  }
  stand
    .on(/WinRM connected\./, (job) => {
      job.write('stdout', 'WinRM connected.\r\n')
      return 0
    })
    .on(/\$tmp_file_path/, async (job) => {
      await rm(textOf(job, 'tmp_file_path'), { force: true })
      return 0
    })
    .on(/\$dest_file_path/, async (job) => {
      const [from, to] = [textOf(job, 'tmp_file_path'), textOf(job, 'dest_file_path')]
      await mkdir(dirname(to), { recursive: true })
      const lines = (await readFile(from, 'latin1')).split('\r\n')
      await writeFile(to, Buffer.concat(lines.map((line) => Buffer.from(line.trim(), 'base64'))))
      return 0
    })
    .on(/^powershell -executionpolicy bypass/, async (job) => {
      const script = /&'([^']+)'/.exec(job.line)?.[1] ?? ''
      job.write('stdout', await readFile(job.drive.local(script)))
      return 0
    })
}
