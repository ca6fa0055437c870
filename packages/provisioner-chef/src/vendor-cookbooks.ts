import { mkdtemp } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import type { LocalTool } from '@imago/configuration-management'
import { runLocalTool } from '@imago/configuration-management'
import type { ProvisionContext } from '@imago/core'
import { fileSystemError } from '@imago/core'

import type { ChefProduct } from './chef-product.ts'
import { products } from './chef-product.ts'

/**
 * Resolves the cookbooks of a Berksfile on this machine.
 * @returns the folder that holds them
 * @throws ImagoError `TOOL_MISSING` when there is no Berkshelf, `COMMAND_FAILED` when it fails
 */
export async function vendorBerksfile(berksfile: string, ctx: ProvisionContext): Promise<string> {
  const folder = await outputFolder(ctx)
  const path = resolve(ctx.directory, berksfile)
  await runTool(['berks', 'vendor', folder, '--berksfile', path], { path, hint: 'Berkshelf (a part of Chef Workstation)' }, ctx)
  return folder
}

/**
 * Resolves a Policyfile on this machine, and exports it with its cookbooks.
 * @returns the folder that holds them
 * @throws ImagoError `TOOL_MISSING` when there is no Workstation, `COMMAND_FAILED` when it fails
 */
export async function exportPolicy(policyfile: string, product: ChefProduct, ctx: ProvisionContext): Promise<string> {
  const folder = await outputFolder(ctx)
  const path = resolve(ctx.directory, policyfile)
  const { workstation, title } = products[product]
  const about = { path, hint: `${title} Workstation` }
  await runTool([workstation, 'install', path], about, ctx)
  await runTool([workstation, 'export', path, folder], about, ctx)
  return folder
}

/** A folder that both tools make, in one that is gone when the build is over. */
async function outputFolder(ctx: ProvisionContext): Promise<string> {
  const parent = await mkdtemp(join(ctx.workDirectory, 'cookbooks-')).catch((error: unknown) => {
    throw fileSystemError(error, 'make a folder for cookbooks')
  })
  return join(parent, 'vendored')
}

async function runTool(
  command: LocalTool['command'],
  { path, hint }: { readonly path: string; readonly hint: string },
  ctx: ProvisionContext,
): Promise<void> {
  const missingHint = `install ${hint} on this machine, or vendor the cookbooks yourself and name their folder with cookbooks`
  await runLocalTool({ command, cwd: dirname(path), subject: path, missingHint }, ctx)
}
