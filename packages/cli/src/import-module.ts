import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { systemCode } from '@imago/core'
import type * as JitiModule from 'jiti'
import type { Jiti } from 'jiti'

import { importStripped } from './stripped-module.ts'

/** Imports modules that are known by name only when the command runs. */
export interface ModuleLoader {
  /** Imports a JavaScript or TypeScript file. */
  importFile(path: string): Promise<object>
  /** Imports a file anew, and the files that it imports by their paths, as they are now. */
  reimportFile(path: string): Promise<object>
  /** Imports a package as a file in `folder` would, else the one installed beside this command; `undefined` when there is neither. */
  importPackage(name: string, folder: string): Promise<object | undefined>
}

const typeScript = new Set(['.ts', '.mts', '.cts'])

/**
 * A {@link ModuleLoader} that leaves TypeScript to Node where Node can run it. Elsewhere its types are taken away or, where a file needs more
 * than that, `jiti` turns it into JavaScript. Packages are always imported by Node itself, so that a definition and this command share one
 * copy of each.
 */
export function moduleLoader(cacheDirectory: string): ModuleLoader {
  const typeScriptCache = join(cacheDirectory, 'typescript')
  let jiti: Jiti | undefined
  const importTranspiled = async (path: string): Promise<object> => {
    jiti ??= loadJiti().createJiti(import.meta.url, { fsCache: typeScriptCache })
    return jiti.import(path)
  }
  return {
    async importFile(path) {
      if (typeScript.has(extname(path)) && !nodeRunsTypeScript()) {
        return (await importStripped(path, typeScriptCache)) ?? importTranspiled(path)
      }
      try {
        return await importNatively(path)
      } catch (error) {
        // Node only leaves out types; enums and the like need more than that.
        if (systemCode(error) === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return importTranspiled(path)
        throw error
      }
    },
    // modules are loaded once in a process; its own, which are not kept, are not
    reimportFile: (path) =>
      loadJiti()
        .createJiti(import.meta.url, { fsCache: false, moduleCache: false })
        .import(path),
    async importPackage(name, folder) {
      const entry = resolveFrom(join(folder, 'noop.js'), name) ?? resolveFrom(fileURLToPath(import.meta.url), name)
      return entry === undefined ? undefined : importNatively(entry)
    },
  }
}

/** It is CommonJS in one large file. `require` does without the parser that `import` would run over it, which takes longer than all else. */
function loadJiti(): typeof JitiModule {
  return createRequire(import.meta.url)('jiti') as typeof JitiModule // its own types
}

function nodeRunsTypeScript(): boolean {
  return 'typescript' in process.features && process.features.typescript !== false
}

async function importNatively(path: string): Promise<object> {
  const module: object = await import(pathToFileURL(path).href) // a module is an object
  return module
}

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name)
  } catch (error) {
    if (systemCode(error) === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
