import { plan } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { hostWithImage } from '../../test/image-folder.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

describe('imago plan', () => {
  test('shows a tree', async () => {
    const host = await hostWithImage(sampleImage(), { core: { plan } })
    expect(await main(['plan'], host)).toBe(0)
    expect(host.stdout.text).toBe('hello\n└─ docker (fake) → fake\n   └─ shell: apt-get update\n')
  })

  test('writes JSON, one object for each image', async () => {
    const images = [sampleImage('one'), sampleImage('two', ['oci', 'aws'])]
    const host = await hostWithImage(images, { core: { plan } })
    expect(await main(['plan', '--json', '--only', 'docker,oci'], host)).toBe(0)
    expect(JSON.parse(host.stdout.text)).toMatchObject([
      { image: 'one', builds: [{ build: 'docker' }] },
      { image: 'two', builds: [{ build: 'oci' }] },
    ])
  })

  test('refuses a name that is no build', async () => {
    const host = await hostWithImage(sampleImage(), { core: { plan } })
    expect(await main(['plan', '--only', 'dokcer'], host)).toBe(2)
    expect(host.stderr.text).toContain("did you mean 'docker'?")
  })
})
