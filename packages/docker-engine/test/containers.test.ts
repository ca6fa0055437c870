import { isImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { connectEngine } from '../src/index.ts'

const reason = reasonToSkip({ docker: 'docker image inspect debian:12' })

describe.skipIf(reason !== '')(`containers${reason}`, () => {
  test('end by themselves or are stopped, and what they printed can be read', async () => {
    const engine = await connectEngine()
    const name = `imago-test-containers-${process.pid}-${Date.now()}`
    const labels = { 'imago.test': name }
    const script = "trap 'echo ending >&2; exit 7' TERM; echo started; while :; do sleep 0.1; done"
    try {
      await engine.containers.create({
        name,
        image: 'debian:12',
        labels,
        command: ['/bin/sh', '-c', script],
        securityOptions: ['apparmor=unconfined'],
      })
      expect(await engine.containers.inspect(name)).toMatchObject({ running: false, address: '' })
      await engine.containers.start(name)
      const ended = engine.containers.wait(name)
      expect((await engine.containers.inspect(name))?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      await expect.poll(async () => await engine.containers.logs(name)).toBe('started\n')
      await engine.containers.stop(name)
      await engine.containers.stop(name)
      expect(await ended).toBe(7)
      expect(await engine.containers.logs(name)).toBe('started\nending\n')
      const image = await engine.containers.commit(name, { base: 'debian:12', config: { labels } })
      expect(await engine.images.list(labels)).toEqual([{ id: image, tags: [], labels }])
      await engine.images.remove(image)
      await engine.containers.remove(name)
      const missing: unknown = await engine.containers.wait(name).catch((error: unknown) => error)
      expect(isImagoError(missing, 'MACHINE_LOST')).toBe(true)
    } finally {
      await engine.containers.remove(name)
      for (const { id } of await engine.images.list(labels)) await engine.images.remove(id, { force: true })
      engine.close()
    }
  })

  test('reach the machine through the gateway of their network', async () => {
    const engine = await connectEngine()
    try {
      expect(await engine.networks.inspect('bridge')).toMatchObject({
        name: 'bridge',
        driver: 'bridge',
        gateway: expect.stringMatching(/^\d/),
      })
      await expect(engine.networks.inspect('no-such-network')).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    } finally {
      engine.close()
    }
  })
})
