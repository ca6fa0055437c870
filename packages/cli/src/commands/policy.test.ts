import { describe, expect, test } from 'vitest'

import { hostWithImage } from '../../test/image-folder.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

/** What stands for the package that builds at AWS: a statement for each image. */
const amazon = {
  sweepAmazon: () => expect.unreachable(),
  iamPolicy: (images: readonly { readonly name: string }[], selection: object) => ({
    Statement: images.filter(({ name }) => name !== 'elsewhere').map(({ name }) => ({ Sid: name, ...selection })),
  }),
}

const packages = (module: object | undefined) => ({
  modules: { importPackage: (name: string) => Promise.resolve(name === '@imago/builder-amazon' ? module : undefined) },
})

describe('imago policy', () => {
  test('writes the policy of the selected builds', async () => {
    const host = await hostWithImage(sampleImage(), packages(amazon))
    expect(await main(['policy', '--only', 'docker'], host)).toBe(0)
    expect(JSON.parse(host.stdout.text)).toEqual({ Statement: [{ Sid: 'hello', only: ['docker'] }] })
  })

  test('says when no build is at AWS', async () => {
    const host = await hostWithImage(sampleImage('elsewhere'), packages(amazon))
    expect(await main(['policy'], host)).toBe(2)
    expect(host.stderr.text).toContain('none of these builds is at AWS')
  })

  test('says which package it needs', async () => {
    const host = await hostWithImage(sampleImage(), packages(undefined))
    expect(await main(['policy'], host)).toBe(1)
    expect(host.stderr.text).toContain("the package '@imago/builder-amazon' is not installed")
  })
})
