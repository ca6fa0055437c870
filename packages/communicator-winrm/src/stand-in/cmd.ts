import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { win32 } from 'node:path'

import type { Job } from './job.ts'
import { splitCommands, splitWords, unescape } from './cmd-syntax.ts'

/** What runs a program that is none of `cmd.exe`'s own. */
export type OtherPrograms = (job: Job, line: string) => Promise<number>

/** Runs a command line as `cmd.exe` does, as far as the few commands here go. @returns the exit code */
export async function runCmd(job: Job, line: string, others: OtherPrograms): Promise<number> {
  const commands = splitCommands(line)
  if (commands.length === 1) return await runOne(job, expand(job, line.trim()), others)
  let code = 0
  for (const { text, after } of commands) {
    if ((after === '&&' && code !== 0) || (after === '||' && code === 0)) continue
    code = await runCmd(job, text, others)
    if (job.env.has(exitMark)) return code
  }
  return code
}

/** Set when a command has ended them all. */
const exitMark = '\0EXIT'

async function runOne(outer: Job, text: string, others: OtherPrograms): Promise<number> {
  const group = /^\((.*)\)$/s.exec(text.trim())
  if (group !== null) return await runCmd(outer, group[1] ?? '', others)
  const { job, line } = redirected(outer, text)
  const [name = '', ...words] = splitWords(line)
  const rest = line.slice(name.length).trim()
  const builtIn =
    builtIns[
      name
        .replace(/^@/, '')
        .toLowerCase()
        .replace(/\.exe$/, '')
    ]
  if (builtIn !== undefined) return await builtIn({ job, words, rest, others })
  const script = scriptAt(job, name)
  if (script !== undefined) return await runBatch(job, script, others)
  const code = await others(job, unescape(line))
  if (code !== notFound) return code
  job.write('stderr', `'${name}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n`)
  return 1
}

/** What {@link OtherPrograms} answers when it knows no such program. */
export const notFound = 9009

interface Call {
  readonly job: Job
  readonly words: readonly string[]
  /** All behind the name, as it is written. */
  readonly rest: string
  readonly others: OtherPrograms
}

const builtIns: Readonly<Record<string, (call: Call) => number | Promise<number>>> = {
  echo: ({ job, rest }) => {
    job.write('stdout', `${unescape(rest)}\r\n`)
    return 0
  },
  exit: ({ job, words }) => {
    job.env.set(exitMark, '')
    return Number(words.find((word) => /^-?\d+$/.test(word)) ?? 0)
  },
  cd: ({ job, words: [path] }) => {
    if (path === undefined || path === '.') job.write('stdout', path === undefined ? `${job.cwd}\r\n` : '')
    else job.cwd = win32.resolve(job.cwd, path)
    return 0
  },
  ver: ({ job }) => {
    job.write('stdout', '\r\nMicrosoft Windows [Version 10.0.20348.1]\r\n')
    return 0
  },
  set: ({ job, rest }) => {
    const [, name, value] = /^"?([^=]+)=([^"]*)/.exec(rest) ?? []
    if (name !== undefined) job.env.set(name.toUpperCase(), value ?? '')
    return 0
  },
  type: ({ job, words: [path = ''] }) => guarded(job, () => job.write('stdout', readFileSync(job.drive.local(path, job.cwd)))),
  mkdir: ({ job, words: [path = ''] }) => guarded(job, () => mkdirSync(job.drive.local(path, job.cwd), { recursive: true })),
  rmdir: ({ job, words }) =>
    guarded(job, () => rmSync(job.drive.local(words.find((word) => !word.startsWith('/')) ?? '', job.cwd), { recursive: true })),
  del: ({ job, words }) =>
    guarded(job, () => rmSync(job.drive.local(words.find((word) => !word.startsWith('/')) ?? '', job.cwd), { force: true })),
  dir: ({ job, words }) => {
    const path = job.drive.local(words.find((word) => !word.startsWith('/')) ?? '.', job.cwd)
    return guarded(job, () =>
      job.write(
        'stdout',
        readdirSync(path)
          .toSorted()
          .map((name) => `${name}\r\n`)
          .join(''),
      ),
    )
  },
  more: async ({ job }) => {
    for await (const chunk of job.stdin) job.write('stdout', chunk as Buffer) // no encoding is set
    return 0
  },
  cmd: async ({ job, rest, others }) => await runCmd(job, rest.replace(/^(?:\/\w\s+)*/, '').replace(/^"(.*)"$/s, '$1'), others),
  call: async ({ job, rest, others }) => await runCmd(job, rest, others),
  if: async ({ job, rest, others }) => {
    const [, not, path = '', then = ''] = /^(not )?exist ("[^"]*"|\S+) (.*)$/is.exec(rest) ?? []
    const wanted = path.replaceAll('"', '')
    const local = job.drive.local(wanted, job.cwd)
    const isThere = existsSync(local) && (!wanted.endsWith('\\') || statSync(local).isDirectory())
    return isThere === (not === undefined) ? await runCmd(job, then, others) : 0
  },
  for: async ({ job, rest, others }) => {
    const [, letter = '', path = '', body = ''] = /^%(\w) in \("?([^")]*)"?\) do (.*)$/is.exec(rest) ?? []
    const local = job.drive.local(path, job.cwd)
    const stats = existsSync(local) ? statSync(local) : undefined
    const about: Readonly<Record<string, string>> = {
      a: stats === undefined ? '' : stats.isDirectory() ? 'd----------' : '--a--------',
      z: stats === undefined ? '' : String(stats.size),
      '': path,
    }
    const line = body.replaceAll(new RegExp(`%(?:~([az]))?${letter}`, 'g'), (_, what = '') => about[String(what)] ?? '')
    return await runOne(job, line, others)
  },
}

function guarded(job: Job, work: () => unknown): number {
  try {
    work()
    return 0
  } catch {
    job.write('stderr', 'The system cannot find the file specified.\r\n')
    return 1
  }
}

/** The lines of a batch file that a command names. */
function scriptAt(job: Job, name: string): string | undefined {
  if (!/[\\/]|\.(?:bat|cmd)$/i.test(name)) return undefined
  const path = [name, `${name}.bat`, `${name}.cmd`].map((each) => job.drive.local(each, job.cwd)).find((each) => existsSync(each))
  return path === undefined || !/\.(?:bat|cmd)$/i.test(path) ? undefined : readFileSync(path, 'utf8')
}

async function runBatch(job: Job, script: string, others: OtherPrograms): Promise<number> {
  let code = 0
  for (const line of script.split(/\r?\n/)) {
    const text = line.trim().replace(/^@/, '')
    if (text === '' || /^(?:rem\b|::|echo off|setlocal|endlocal)/i.test(text)) continue
    code = await runCmd(job, text.replaceAll('%%', '%'), others)
    if (job.env.delete(exitMark)) return code
  }
  return code
}

function expand(job: Job, line: string): string {
  return line.replaceAll(/%([^%=\s]+)%/g, (whole, name: string) => job.env.get(name.toUpperCase()) ?? whole)
}

/** A command with its output where `>` and `>>` say. */
function redirected(job: Job, line: string): { readonly job: Job; readonly line: string } {
  const found = /^(.*?[^\d^>])\s*([12]?)(>>?)\s*("[^"]*"|[^\s"&]+)(?:\s+2>&1)?\s*$/s.exec(line)
  if (found === null || found[4] === '&1') return { job, line }
  const [, command = '', from = '1', how = '>', target = ''] = found
  const name = target.replaceAll('"', '')
  const isNull = /^nul$/i.test(name)
  const path = isNull ? '' : job.drive.local(name, job.cwd)
  if (how === '>' && !isNull) writeFileSync(path, '')
  const stream = from === '2' ? 'stderr' : 'stdout'
  const write: Job['write'] = (to, output) => (to !== stream ? job.write(to, output) : isNull ? undefined : appendFileSync(path, output))
  return { job: Object.assign(Object.create(job) as Job, { write }), line: command } // as it is, apart from where output goes
}
