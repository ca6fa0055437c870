import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Image, ParameterizedImage } from '@imago/core'
import { ImagoError, isImage, isParameterized } from '@imago/core'

import type { Host } from './host.ts'

/**
 * Runs an image file that is not where it will be: in a folder of its own, from which the packages that it imports are found as from here.
 * @throws ImagoError `TOOL_MISSING` when one of them is not installed, `INTERNAL` when the file exports no image
 */
export async function loadConverted(code: string, packages: readonly string[], host: Host): Promise<Image | ParameterizedImage> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-convert-'))
  try {
    for (const name of packages) {
      const link = join(folder, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(packageFolder(name, host.cwd), link, 'junction')
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
    const file = join(folder, 'image.ts')
    await writeFile(file, code)
    const module = await host.modules.importFile(file)
    const exported: unknown = 'default' in module ? module.default : undefined
    if (isImage(exported) || isParameterized(exported)) return exported
    throw new ImagoError('INTERNAL', 'what a template was converted to exports no image')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function packageFolder(name: string, cwd: string): string {
  for (const from of [join(cwd, 'noop.js'), fileURLToPath(import.meta.url)]) {
    const folders = createRequire(from).resolve.paths(name) ?? []
    const found = folders.map((folder) => join(folder, name)).find((folder) => isPackage(folder))
    if (found !== undefined) return found
  }
  throw new ImagoError('TOOL_MISSING', `the conversion imports '${name}', which is not installed`, {
    hint: `npm install --save-dev ${name}`,
  })
}

function isPackage(folder: string): boolean {
  try {
    createRequire(join(folder, 'noop.js')).resolve('./package.json')
    return true
  } catch {
    return false
  }
}
