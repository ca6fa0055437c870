import { expect, test } from 'vitest'

import { parseImageReference } from './image-reference.ts'
import { imagePackageUrl } from './package-url.ts'

test.each([
  ['debian:12', 'pkg:docker/debian@12'],
  ['cow/milk', 'pkg:docker/cow/milk@latest'],
  ['localhost:5000/farm/cow:1.0', 'pkg:docker/farm/cow@1.0?repository_url=localhost%3A5000'],
  [`debian@sha256:${'a'.repeat(64)}`, `pkg:docker/debian@sha256:${'a'.repeat(64)}`],
])('%s is %s', (name, url) => {
  expect(imagePackageUrl(parseImageReference(name))).toBe(url)
})
