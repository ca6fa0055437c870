import type { Builder } from '@imago/core'
import { defineImage } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { emulated, strays } from './emulated.ts'

const base = {
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: '50ms' },
} as const satisfies Partial<AmazonEbsOptions>

const regions = ['us-west-2', 'eu-west-1', 'eu-central-1'] as const

describe('many at once', () => {
  test('ten AMIs, each in three regions', () =>
    emulated({ delays: { running: 100, stopped: 100, image: 200, copy: 200, terminated: 100 } }, async (aws) => {
      const builders: Record<string, Builder> = {}
      for (let index = 0; index < 10; index++) {
        builders[`aws${index}`] = amazonEbs({ ...base, region: regions[index % 3] ?? regions[0], ami: { name: `cow-${index}`, regions } })
      }
      const { builds } = await aws.run(defineImage({ name: 'cow', builders }))
      expect(builds.map(({ error }) => error)).toEqual(Array.from({ length: 10 }))
      expect(strays(aws)).toEqual([])
      const images = aws.emulator.leftovers().filter(({ kind }) => kind === 'image')
      expect(images.map(({ region, name }) => `${region} ${name ?? ''}`).toSorted()).toEqual(
        regions.flatMap((region) => Array.from({ length: 10 }, (_, index) => `${region} cow-${index}`)).toSorted(),
      )
    }))

  test('one that fails takes nothing of the others with it', () =>
    emulated({}, async (aws) => {
      aws.emulator.faults.inject({ type: 'image-failed', name: 'two' })
      const builders = {
        one: amazonEbs({ ...base, region: 'us-west-2', ami: { name: 'one' } }),
        two: amazonEbs({ ...base, region: 'us-west-2', ami: { name: 'two' } }),
      }
      const { builds } = await aws.run(defineImage({ name: 'cow', builders }))
      expect(builds.map(({ status }) => status)).toEqual(['succeeded', 'failed'])
      expect(aws.emulator.leftovers().map(({ kind, name }) => [kind, name])).toEqual([
        ['image', 'one'],
        ['snapshot', undefined],
      ])
    }))
})

describe('cancelled', () => {
  // a build makes some 25 calls; it is cancelled after each of these
  test.for([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])('after %i calls, a build leaves nothing', (calls) =>
    emulated({ delays: { running: 30, stopped: 30, image: 30, copy: 30, terminated: 30 } }, async (aws) => {
      const cancel = new AbortController()
      const timer = setInterval(() => {
        if (aws.emulator.journal.calls().length >= calls) cancel.abort()
      }, 1)
      try {
        const builder = amazonEbs({ ...base, region: 'us-west-2', ami: { name: 'cow', regions: ['eu-west-1'] } })
        const { build } = await aws.run(defineImage({ name: 'cow', builders: { aws: builder } }), { signal: cancel.signal })
        expect(build.status).toBe('cancelled')
        expect(aws.emulator.leftovers()).toEqual([])
      } finally {
        clearInterval(timer)
      }
    }),
  )
})

describe('Windows', () => {
  test('has an RSA key, and its password is fetched and decrypted', () =>
    emulated({}, async (aws) => {
      const builder = amazonEbs({
        ...base,
        region: 'us-west-2',
        sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
        connect: { windowsPassword: true, timeout: '50ms' },
        ami: { name: 'window' },
      })
      const { build, events } = await aws.run(defineImage({ name: 'window', builders: { aws: builder } }))
      const steps = events.flatMap((event) => (event.type === 'step-finished' ? [`${event.step.id} ${event.status}`] : []))
      expect(steps).toContain('builder.password succeeded')
      expect(build.error).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/^no SSH connection to Administrator@/) })
      const [key] = aws.emulator.journal.calls('ImportKeyPair')
      expect(Buffer.from(key?.input['PublicKeyMaterial'] as Uint8Array).toString()).toMatch(/^ssh-rsa /)
      expect(aws.emulator.leftovers()).toEqual([])
    }))
  test('is entered over WinRM with its own password, at a port that is open for that alone', () =>
    emulated({}, async (aws) => {
      const builder = amazonEbs({
        ...base,
        region: 'us-west-2',
        sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
        connect: { communicator: 'winrm', tls: { insecure: true }, timeout: '50ms' },
        ami: { name: 'window' },
      })
      const { build, events } = await aws.run(defineImage({ name: 'window', builders: { aws: builder } }))
      const steps = events.flatMap((event) => (event.type === 'step-started' ? [event.step.title] : []))
      expect(steps).toContain('wait for the password of Windows')
      expect(steps).toContainEqual(expect.stringMatching(/^connect to Administrator@.*:5986$/))
      expect(build.error).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/:5986/) })
      const [rule] = aws.emulator.journal.calls('AuthorizeSecurityGroupIngress')
      expect(JSON.stringify(rule?.input)).toContain('"FromPort":5986')
      const [key] = aws.emulator.journal.calls('ImportKeyPair')
      expect(Buffer.from(key?.input['PublicKeyMaterial'] as Uint8Array).toString()).toMatch(/^ssh-rsa /)
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})
