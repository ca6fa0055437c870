import { expect, test } from 'vitest'

import { amiName } from './ami-name.ts'

const now = new Date('2026-11-22T10:15:30Z')
const facts = { buildName: 'aws', builderType: 'amazon-ebs', runId: 'run00001', image: 'cow', sourceImageName: 'debian-12' }

test('placeholders become what they stand for', () => {
  expect(amiName('{image}-{build}-{date}-{datetime}-{timestamp}-{run}', { now, facts })).toBe(
    'cow-aws-20261122-20261122T101530Z-1795342530-run00001',
  )
})

test('a name may be made of facts', () => {
  expect(amiName(({ sourceImageName }) => `cow on ${String(sourceImageName)} {date}`, { now, facts })).toBe('cow on debian-12 20261122')
})

test('what the facts make is checked, too', () => {
  expect(() => amiName(() => 'a:b', { now, facts })).toThrow(
    "ami.name must hold letters, digits and ()[] ./-'@_ only, and ':' is none of them: 'a:b'",
  )
  expect(() => amiName(() => '{run}'.repeat(17), { now, facts })).toThrow('ami.name must be 3 to 128 characters')
})
