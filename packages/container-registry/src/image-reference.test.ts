import { describe, expect, it } from 'vitest'

import { formatImageReference, parseImageReference } from './image-reference.ts'

const digest = `sha256:${'a1'.repeat(32)}`

describe('parseImageReference', () => {
  it.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:12', 'docker.io/library/debian:12'],
    ['example/cow', 'docker.io/example/cow:latest'],
    ['docker.io/debian', 'docker.io/library/debian:latest'],
    ['index.docker.io/example/cow', 'docker.io/example/cow:latest'],
    ['localhost/cow', 'localhost/cow:latest'],
    ['localhost:5000/cow', 'localhost:5000/cow:latest'],
    ['127.0.0.1:5000/a/b/cow:1.0', '127.0.0.1:5000/a/b/cow:1.0'],
    ['[::1]:5000/cow', '[::1]:5000/cow:latest'],
    ['ghcr.io/example/my-cow__x.y:V1_0-rc.1', 'ghcr.io/example/my-cow__x.y:V1_0-rc.1'],
    [`debian@${digest}`, `docker.io/library/debian@${digest}`],
    [`debian:12@${digest}`, `docker.io/library/debian:12@${digest}`],
  ])('takes %s for %s', (text, full) => {
    expect(formatImageReference(parseImageReference(text))).toBe(full)
    expect(parseImageReference(full)).toEqual(parseImageReference(text))
  })

  it.each([
    ['', 'it names no repository'],
    ['localhost:5000/', 'it names no repository'],
    ['Debian', "'Debian' has capital letters"],
    ['debian:', "'' is no tag"],
    ['debian:a b', "'a b' is no tag"],
    ['debian@sha256:12', "'sha256:12' is no digest"],
    [`debian@${digest}@${digest}`, 'is no digest'],
    ['a//b', "'a//b' is no repository"],
    ['example.com:99999999/cow', "'example.com:99999999' is no registry"],
    ['https://example.com/cow', 'is no registry'],
    ['a1'.repeat(32), 'is no repository'],
    ['cow..x', "'cow..x' is no repository"],
    [`${'a/'.repeat(130)}b`, 'is no repository'],
  ])('refuses %j: %s', (text, why) => {
    expect(() => parseImageReference(text)).toThrow(
      expect.objectContaining({ code: 'DEFINITION_INVALID', message: expect.stringContaining(why) }),
    )
  })
})
