import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { onTestFinished } from 'vitest'

import type { MediaSource } from '../src/index.ts'

const compiled = pathToFileURL(fileURLToPath(new URL('../dist/index.js', import.meta.url))).href

/** Fetches, and tells its parent of its progress and of what it got. */
const script = `
import { fetchSource } from '${compiled}'
const { source, cacheDirectory } = JSON.parse(process.argv[1])
const emit = (event) => event.type === 'progress' && process.send({ done: event.done })
const options = { directory: '/', cacheDirectory, signal: new AbortController().signal, emit, retryDelayMs: 1 }
process.send({ fetched: await fetchSource(source, options) }, () => process.disconnect())
`

/** What to fetch in a process of its own, and where to. */
export interface FetchRequest {
  readonly source: MediaSource
  readonly cacheDirectory: string
  /** Added to this process's environment. @default nothing */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts to fetch in a process of its own, which ends with the test. It sends `{ done }` and in the end `{ fetched }`. */
export function fetchProcess({ env = {}, ...request }: FetchRequest): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(request)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** The first message of a process that satisfies a question. */
export function messageFrom<T>(child: ChildProcess, question: (message: object) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const answer = typeof message === 'object' ? question(message) : undefined
      if (answer !== undefined) resolve(answer)
    })
    child.once('exit', () => reject(new Error('the process has ended')))
  })
}
