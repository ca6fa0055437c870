import type { Selection } from '@imago/core'
import { plan } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { sampleImage } from '../test/sample-image.ts'
import { planImages } from './plan-images.ts'

const one = sampleImage('one', ['docker', 'aws-eu'])
const two = sampleImage('two', ['oci', 'aws-us'])

function planned(selection: Selection, images = [one, two]): string[] {
  return planImages(images, selection, plan).map(({ image, builds }) => `${image}: ${builds.map(({ build }) => build).join(' ')}`)
}

describe('planImages', () => {
  test.each([
    [{}, ['one: docker aws-eu', 'two: oci aws-us']],
    [{ only: ['docker', 'oci'] }, ['one: docker', 'two: oci']],
    [{ only: ['two.*'] }, ['two: oci aws-us']],
    [{ except: ['aws-*', 'oci'] }, ['one: docker']],
    [{ only: ['docker'], except: ['oci'] }, ['one: docker']],
  ])('%j selects %j', (selection, builds) => {
    expect(planned(selection)).toEqual(builds)
  })

  test('refuses what is no build of any image', () => {
    expect(() => planned({ only: ['docker', 'ocy'] })).toThrow(
      expect.objectContaining({
        code: 'DEFINITION_INVALID',
        message: "no build of these images is called 'ocy'",
        hint: "did you mean 'oci'?",
      }),
    )
    expect(() => planned({ except: ['x'] }, [one])).toThrow(expect.objectContaining({ code: 'DEFINITION_INVALID' }))
  })

  test('refuses a selection that leaves nothing', () => {
    expect(() => planned({ except: ['*'] })).toThrow('the selection leaves nothing to build')
  })
})
