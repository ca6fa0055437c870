import type { Image, Plugin } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ModuleLoader } from './import-module.ts'

/** The package that builds at AWS. It is imported only when a command asks for AWS. */
export const amazonPackage = '@imago/builder-amazon'

/** What this command uses of it. */
export interface AmazonFunctions {
  /** The least that credentials must allow for the builds of images. */
  readonly iamPolicy: (
    images: readonly Image[],
    selection: { readonly only?: readonly string[]; readonly except?: readonly string[] },
  ) => IamPolicy
  /** A plugin that finds by tags what builds have left. */
  readonly sweepAmazon: (options: { readonly regions: readonly string[]; readonly onlyExpired: boolean }) => Plugin
}

/** An IAM policy, as far as this command looks at it. */
interface IamPolicy {
  readonly Statement: readonly object[]
}

/** Whether something of the images is built or imported at AWS. */
export function isAtAmazon(images: readonly Image[]): boolean {
  return images.some(({ builders, postProcessors }) =>
    [...Object.values(builders), ...postProcessors.flat()].some(({ type }) => type.startsWith('amazon-')),
  )
}

/**
 * Imports it as a file in `folder` would.
 * @throws ImagoError `TOOL_MISSING` when it is not installed there
 */
export async function loadAmazon(folder: string, modules: ModuleLoader): Promise<AmazonFunctions> {
  const module = await modules.importPackage(amazonPackage, folder)
  if (module === undefined) {
    throw new ImagoError('TOOL_MISSING', `the package '${amazonPackage}' is not installed`, { hint: `npm install ${amazonPackage}` })
  }
  if (isAmazon(module)) return module
  throw new ImagoError('INTERNAL', `the package '${amazonPackage}' does not have what this command needs`, {
    hint: 'install the same version of both',
  })
}

function isAmazon(module: object): module is AmazonFunctions {
  return ['iamPolicy', 'sweepAmazon'].every((name) => typeof Reflect.get(module, name) === 'function')
}
