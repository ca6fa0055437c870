import { join } from 'node:path'

import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import { defineImage } from '@imago/core'
import { windowsRestart, windowsShell } from '@imago/provisioner-powershell'
import { describe, expect, onTestFinished, test } from 'vitest'

import { qemu } from '../src/index.ts'
import { skipped, temporaryFolder, trial } from './guest.ts'

describe.skipIf(skipped !== '')(`a guest over WinRM${skipped}`, () => {
  // There is no Windows: QEMU runs an empty machine, and a stand-in answers at the address that is said to be the guest's.
  test('is provisioned and shut down, and its disk is the result', async () => {
    const directory = await temporaryFolder()
    const stand = await startWinrmStandIn({ directory: join(directory, 'drive'), user: 'vagrant', password: 'vagrant' })
    onTestFinished(async () => await stand[Symbol.asyncDispose]())
    const told: string[] = []
    stand.on(/^shutdown \/s/, (job) => {
      told.push(job.line)
      return 0
    })
    const builder = qemu({
      diskSize: '1m',
      memory: '64m',
      winrm: { user: 'vagrant', password: 'vagrant', host: stand.host, port: stand.port, timeout: '20s' },
      shutdown: { command: 'shutdown /s /t 0', timeout: '1s' },
      result: { format: 'qcow2', path: 'out/server.qcow2' },
    })
    const provisioners = [
      windowsShell({ inline: ({ user = '', winrmPassword = '' }) => [`echo ${user} ${winrmPassword}>C:\\said.txt`] }),
      windowsRestart({ within: '20s' }),
      windowsShell({ inline: ['type C:\\said.txt'] }),
    ]
    const { report, events } = await trial(defineImage({ name: 'server', builders: { qemu: builder }, provisioners }), { directory })
    expect(report.builds[0]?.error).toBeUndefined()
    expect(report.builds[0]?.artifacts).toMatchObject([{ type: 'qemu-disk', files: [{ path: join(directory, 'out/server.qcow2') }] }])
    expect(
      events
        .of('output')
        .map(({ text }) => text)
        .join(''),
    ).toContain('vagrant vagrant')
    expect([told, stand.restarts]).toEqual([['shutdown /s /t 0'], 1])
  })
})
