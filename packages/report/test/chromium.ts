import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

/** What a browser made of a page. */
export interface Visit {
  /** The document as it stands after it was loaded. */
  readonly dom: string
  /** What the page made the browser write to its console. */
  readonly console: readonly string[]
}

/** A folder with pages that Debian's Chromium looks at, each time as somebody who has never been there. */
export interface Browser extends AsyncDisposable {
  /** Writes a page into the folder. @returns its path */
  write(name: string, html: string): Promise<string>
  visit(page: string): Promise<Visit>
  /** Has it made into a PDF. @returns the PDF's path */
  print(page: string): Promise<string>
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--no-first-run',
  '--enable-logging=stderr',
  '--log-level=0',
]

/** Makes the folder. It is gone when it is disposed of. */
export async function openBrowser(): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-browser-'))
  const run = async (page: string, ...more: readonly string[]): Promise<{ stdout: string; stderr: string }> => {
    const profile = await mkdtemp(join(folder, 'profile-'))
    const args = [...flags, `--user-data-dir=${profile}`, '--virtual-time-budget=10000', ...more, pathToFileURL(page).href]
    return promisify(execFile)('chromium', args, { maxBuffer: 64e6, timeout: 60_000, killSignal: 'SIGKILL' })
  }
  return {
    async write(name, html) {
      const path = join(folder, name)
      await writeFile(path, html)
      return path
    },
    async visit(page) {
      const { stdout, stderr } = await run(page, '--dump-dom')
      return { dom: stdout, console: stderr.split('\n').filter((line) => line.includes('CONSOLE')) }
    },
    async print(page) {
      await run(page, `--print-to-pdf=${page}.pdf`, '--no-pdf-header-footer')
      return `${page}.pdf`
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}
