import type { Plan, PlannedStep } from '@imago/core'
import { expect, test } from 'vitest'

import { step } from '../../test/sample-events.ts'
import { planLines } from './plan-lines.ts'
import { plain } from './style.ts'
import { unicodeSymbols } from './symbols.ts'

function planned(title: string, said: Partial<PlannedStep> = {}): PlannedStep {
  return { ...step(0, title), options: {}, ...said }
}

test('shows a plan as a tree', () => {
  const makes = { type: 'docker-image', files: false }
  const plan: Plan = {
    image: 'hello',
    description: 'Says hello',
    builds: [
      {
        build: 'docker',
        builderType: 'docker',
        makes,
        options: {},
        after: ['base.docker'],
        provisioners: [
          planned('one'),
          planned('two', { pauseBefore: '10s', timeout: 5000, retry: { retries: 3 }, continueOnError: true }),
          planned('three', { retry: 1, expectDisconnect: true }),
        ],
        errorCleanup: [planned('save logs')],
        postProcessors: [
          [planned('tag', { type: 'docker-tag' }), planned('save', { type: 'docker-save' })],
          [planned('checksum', { type: 'checksum' })],
        ],
        retain: { last: 5 },
      },
      { build: 'oci', builderType: 'oci', makes, options: {}, after: [], provisioners: [], errorCleanup: [], postProcessors: [] },
    ],
  }
  expect(planLines(plan, { style: plain, symbols: unicodeSymbols })).toEqual([
    'hello  Says hello',
    '├─ docker (docker) → docker-image after base.docker',
    '│  ├─ shell: one',
    '│  ├─ shell: two (after a pause of 10s, at most 5.0s, tried again 3 times, may fail)',
    '│  ├─ shell: three (tried again once, may end the connection)',
    '│  ├─ if a step fails',
    '│  │  └─ shell: save logs',
    '│  ├─ then docker-tag: tag → docker-save: save',
    '│  ├─ then checksum',
    '│  └─ then keep the last 5, and remove older ones',
    '└─ oci (oci) → docker-image',
  ])
})
