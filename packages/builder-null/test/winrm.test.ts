import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import type { Provisioner } from '@imago/core'
import { defineImage, run, secret } from '@imago/core'
import { windowsShell } from '@imago/provisioner-powershell'
import { shell } from '@imago/provisioner-shell'
import { expect, onTestFinished, test } from 'vitest'

import { nullBuilder } from '../src/null-builder.ts'

const password = 'correct horse'

/** A stand-in for Windows, and what a build in it comes to. */
async function windows() {
  const directory = await mkdtemp(join(tmpdir(), 'imago-null-winrm-'))
  const stand = await startWinrmStandIn({ directory, password })
  onTestFinished(async () => {
    await stand[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const provision = async (given: string, step: Provisioner) => {
    const host = nullBuilder({ communicator: 'winrm', host: stand.host, port: stand.port, password: secret(given), auth: 'ntlm' })
    const image = defineImage({ name: 'null', builders: { host }, provisioners: [step] })
    const said: string[] = []
    const report = await run(image, {
      stateDirectory: join(directory, 'state'),
      onEvent: (event) => event.type === 'output' && said.push(event.text),
    })
    return { said: said.join(''), ...report.builds[0] }
  }
  return { stand, provision }
}

test('a host is provisioned over WinRM, and its steps are told what it was entered with', async () => {
  const { stand, provision } = await windows()
  const inline = ({ host = '', port = 0, user = '', winrmPassword = '' }): string[] => [
    `echo ${user}@${host}:${port} ${winrmPassword}`,
    `echo ${winrmPassword}>C:\\word.txt`,
  ]
  const id = `Administrator@127.0.0.1:${stand.port}`
  const { status, artifacts, said } = await provision(password, windowsShell({ inline }))
  expect({ status, artifacts }).toEqual({ status: 'succeeded', artifacts: [{ type: 'none', id }] })
  expect((await readFile(stand.drive.local('C:\\word.txt'), 'utf8')).trim()).toBe(password)
  expect(said).toContain(id)
  expect(said).not.toContain(password)
})

test('a login that is refused is told at once, and a step for another system before it begins', async () => {
  const { provision } = await windows()
  const refused = await provision('wrong horse', windowsShell({ inline: ['ver'] }))
  expect(refused.error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  const { error } = await provision(password, shell({ inline: ['true'] }))
  expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: 'use powershell() or windowsShell()' })
})
