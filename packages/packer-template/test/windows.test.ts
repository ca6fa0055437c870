import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import { run } from '@imago/core'
import { expect, onTestFinished, test } from 'vitest'

import { loadTemplate } from '../src/index.ts'
import { folderWith } from './packer.ts'

/*
 * A template runs against a stand-in for Windows, over WinRM. It runs commands of `cmd.exe`; what PowerShell would do with the scripts is
 * said below.
 */

test('a template with steps for Windows builds', { timeout: 30_000 }, async () => {
  const folder = await folderWith({ 'setup.bat': 'echo %WORD% of %PACKER_BUILD_NAME%>C:\\said.txt\nexit /b 3\n', 'site.conf': 'moo\n' })
  const stand = await startWinrmStandIn({ directory: join(folder, 'drive'), user: 'vagrant', password: 'vagrant' })
  onTestFinished(async () => await stand[Symbol.asyncDispose]())
  const scripts: string[] = []
  stand.on(/^powershell .*-Command \^"\$ProgressPreference/, async (job) => {
    const path = /'(C:\\[^']*\.ps1)'/.exec(job.line)?.[1] ?? ''
    scripts.push(await readFile(job.drive.local(path), 'utf8'), job.env.get('PASSWORD') ?? '')
    return 3010
  })
  const { host, port } = stand
  const template = {
    builders: [
      {
        type: 'null',
        name: 'windows',
        communicator: 'winrm',
        winrm_host: host,
        winrm_port: port,
        winrm_username: 'vagrant',
        winrm_password: 'vagrant',
        winrm_timeout: '20s',
      },
    ],
    provisioners: [
      { type: 'file', source: 'site.conf', destination: 'C:/sites/site.conf' },
      {
        type: 'windows-shell',
        script: 'setup.bat',
        environment_vars: ['WORD=moo'],
        valid_exit_codes: [3],
        execute_command: '{{ .Vars }} cmd /c "{{ .Path }}"',
      },
      { type: 'powershell', inline: ['Get-Date'], environment_vars: ['PASSWORD={{.WinRMPassword}}'], valid_exit_codes: [0, 3010] },
      { type: 'windows-restart', restart_timeout: '20s' },
    ],
  }
  const { image } = await loadTemplate({ path: 'template.json', text: JSON.stringify(template) }, { directory: folder })
  const report = await run(image, { directory: folder, stateDirectory: join(folder, '.imago') })
  expect(report.builds).toMatchObject([{ status: 'succeeded', artifacts: [{ id: `vagrant@${host}:${port}` }] }])
  expect(await readFile(stand.drive.local('C:\\sites\\site.conf'), 'utf8')).toBe('moo\n')
  expect((await readFile(stand.drive.local('C:\\said.txt'), 'utf8')).trim()).toBe('moo of windows')
  expect(scripts).toEqual(['Get-Date\n', 'vagrant'])
  expect(stand.restarts).toBe(1)
})
