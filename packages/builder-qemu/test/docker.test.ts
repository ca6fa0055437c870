import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import image from '../../../examples/vm-to-docker/image.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { guest, makingMs, skipped, trial } from './guest.ts'

const reason = skipped === '' ? reasonToSkip({ docker: 'docker version' }) : skipped

describe.skipIf(reason !== '')(`the example that makes a Docker image of a machine${reason}`, () => {
  beforeAll(() => void guest('disk'), makingMs)

  test('builds, and the container says what the machine was told', { timeout: 300_000 }, async () => {
    onTestFinished(() => void execFileSync('docker', ['rmi', '-f', 'cow:1.0'], { stdio: 'ignore' }))
    const { report } = await trial(await image.with({ disk: guest('disk'), checksums: 'none', user: 'root' }))
    expect(report.builds[0]?.error).toBeUndefined()
    expect(report.builds[0]?.artifacts.map(({ type }) => type)).toEqual(['qemu-disk', 'docker-image'])
    const said = execFileSync('docker', ['run', '--rm', 'cow:1.0'], { encoding: 'utf8' })
    expect(said).toMatch(/^Moo from Debian 12\.\d+\.\n$/)
    const keys = execFileSync('docker', ['run', '--rm', 'cow:1.0', 'cat', '/root/.ssh/authorized_keys'], { encoding: 'utf8' })
    expect(keys).toBe(readFileSync(`${guest('key')}.pub`, 'utf8')) // the build's own key, which cloud-init brought, is gone
  })
})
