import { plan } from '@imago/core'
import { expect, test } from 'vitest'

import { hostWithImage } from '../../test/image-folder.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

test('imago graph writes a flowchart', async () => {
  const host = await hostWithImage(sampleImage(), { core: { plan } })
  expect(await main(['graph'], host)).toBe(0)
  expect(host.stdout.text).toBe(`flowchart TD
  subgraph i1["hello"]
    subgraph b1["docker"]
      direction TB
      b1_from(["fake"])
      b1_p1["shell: apt-get update"]
      b1_made[("fake")]
      b1_from --> b1_p1 --> b1_made
    end
  end
`)
})

test('imago graph draws what is selected', async () => {
  const images = [sampleImage('one'), sampleImage('two', ['oci', 'aws'])]
  const host = await hostWithImage(images, { core: { plan } })
  expect(await main(['graph', '--only', 'oci'], host)).toBe(0)
  expect(host.stdout.text).toContain('["oci"]')
  expect(host.stdout.text).not.toMatch(/"(?:aws|one)"/)
})

test('imago graph refuses a name that is no build', async () => {
  const host = await hostWithImage(sampleImage(), { core: { plan } })
  expect(await main(['graph', '--except', 'dokcer'], host)).toBe(2)
  expect(host.stderr.text).toContain("did you mean 'docker'?")
})
