import { isImagoError, validate } from '@imago/core'
import { expect, test } from 'vitest'

import { loadTemplate } from '../src/index.ts'
import { folderWith, packer, verdictOf, withoutPacker } from './packer.ts'
import { machineCases } from './machine-cases.ts'
import { structureCases } from './structure-cases.ts'
import { windowsCases } from './windows-cases.ts'

const cases = [...structureCases, ...machineCases, ...windowsCases]

test.for(cases)('$name: accepted $accepted', async ({ template, accepted, leniency = false }) => {
  expect(await isAccepted(template)).toBe(accepted || leniency)
})

test.for(cases)(`Packer says of $name: accepted $accepted${withoutPacker}`, async ({ template, accepted }, { skip }) => {
  skip(withoutPacker !== '')
  const folder = await folderWith({ 'template.json': template })
  const run = await packer(['validate', 'template.json'], folder)
  const verdict = verdictOf(run)
  skip(verdict === 'none', 'Packer misses something')
  expect(verdict).toBe(accepted ? 'accepted' : 'refused')
})

/** Whether a template can be built: as far as that can be told without starting anything. */
async function isAccepted(template: string): Promise<boolean> {
  const directory = await folderWith({})
  try {
    const { image } = await loadTemplate({ path: 'template.json', text: template }, { directory, env: (name) => process.env[name] })
    const issues = await validate(image, { directory })
    return issues.length === 0
  } catch (error) {
    if (isImagoError(error, 'DEFINITION_INVALID')) return false
    throw error
  }
}
