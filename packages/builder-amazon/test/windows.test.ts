import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import { defineImage } from '@imago/core'
import { windowsShell } from '@imago/provisioner-powershell'
import { expect, onTestFinished, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
import { emulated } from './emulated.ts'

test('an image of Windows is built over WinRM, with the password that Windows has made', { timeout: 30_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imago-windows-'))
  const password = 'made(by)Windows'
  // it stands for the instance, which has no guest
  const stand = await startWinrmStandIn({ directory, password, auth: ['ntlm'], allowUnencrypted: false })
  onTestFinished(async () => {
    await stand[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const { host, port } = stand
  await emulated({ windowsPassword: password }, async (aws) => {
    const builder = amazonEbs({
      region: 'us-west-2',
      sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
      instanceType: 't3.small',
      polling: { interval: '50ms' },
      connect: { communicator: 'winrm', auth: 'ntlm', host, port, timeout: '20s' },
      ami: { name: 'window' },
    })
    const step = windowsShell({ inline: ({ winrmPassword = '', user = '' }) => [`echo ${winrmPassword.length} ${user}>C:\\said.txt`] })
    const { build, calls } = await aws.run(defineImage({ name: 'window', builders: { aws: builder }, provisioners: [step] }))
    expect(build.error).toBeUndefined()
    expect(build.artifacts).toMatchObject([{ type: 'amazon-ami' }])
    expect((await readFile(stand.drive.local('C:\\said.txt'), 'utf8')).trim()).toBe(`${password.length} Administrator`)
    const [rule] = calls.filter(({ operation }) => operation === 'AuthorizeSecurityGroupIngress')
    expect(JSON.stringify(rule?.input)).toContain(`"FromPort":${port}`)
    expect(JSON.stringify(build)).not.toContain(password)
  })
})
