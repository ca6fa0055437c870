import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

import { decoded, encoded } from '../powershell.ts'
import type { Job } from './job.ts'

/** Whether PowerShell would take the first line of its input as a script. */
export function isOwnScript(script: string): boolean {
  return script.includes('[ScriptBlock]::Create(')
}

/** Does what the communicator's own scripts do: they are recognised, not interpreted. */
export async function runOwnScript(job: Job): Promise<number> {
  const lines = createInterface({ input: job.stdin, crlfDelay: Infinity })[Symbol.asyncIterator]()
  const first = await lines.next()
  const script = first.done === true ? '' : decoded(first.value)
  try {
    if (script.includes('# imago: receive files')) return await receive(job, textIn(script, 'part'), lines)
    if (script.includes('# imago: send files')) return await send(job, textIn(script, 'path'))
  } catch (error) {
    job.write('stdout', `!${hresultOf(error)} ${encoded(error instanceof Error ? error.message : String(error))}\r\n`)
    return 1
  }
  job.write('stderr', 'the stand-in knows no such script')
  return 1
}

function textIn(script: string, variable: string): string {
  return decoded(new RegExp(`\\$${variable} = .*?Decode '([^']*)'`).exec(script)?.[1] ?? '')
}

/** The numbers that Windows has for errors of ours. */
function hresultOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC') return -2_147_024_784
  return code === 'EACCES' || code === 'EPERM' ? -2_147_024_891 : -2_146_233_087
}

async function receive(job: Job, part: string, lines: AsyncIterator<string>): Promise<number> {
  let file: { readonly path: string; readonly temporary: string; readonly handle: Awaited<ReturnType<typeof open>> } | undefined
  let digest = createHash('sha256')
  try {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const rest = line.value.slice(1)
      if (line.value.startsWith('d')) await mkdir(job.drive.local(decoded(rest), job.cwd), { recursive: true })
      if (line.value.startsWith('f')) {
        const path = job.drive.local(decoded(rest), job.cwd)
        if (existsSync(path) && (await stat(path)).isDirectory()) throw new Error(`${path} is a directory`)
        await mkdir(dirname(path), { recursive: true })
        const temporary = join(dirname(path), part)
        file = { path, temporary, handle: await open(temporary, 'w') }
        digest = createHash('sha256')
      }
      if (line.value.startsWith('+')) {
        const bytes = Buffer.from(rest, 'base64')
        digest.update(bytes)
        await file?.handle.writeFile(bytes)
      }
      if (line.value.startsWith('e') && file !== undefined) {
        if (digest.digest('hex') !== rest) throw new Error(`what has come for ${file.path} is not what was sent`)
        await file.handle.close()
        await rename(file.temporary, file.path)
        file = undefined
      }
    }
    if (file === undefined) job.write('stdout', 'done\r\n')
    return file === undefined ? 0 : 1
  } finally {
    if (file !== undefined) {
      await file.handle.close()
      await rm(file.temporary, { force: true })
    }
  }
}

async function send(job: Job, path: string): Promise<number> {
  const local = job.drive.local(path, job.cwd)
  const say = (line: string): void => job.write('stdout', `${line}\r\n`)
  if (!existsSync(local)) say('kmissing')
  else if ((await stat(local)).isDirectory()) {
    say('kdirectory')
    await sendFolder(local, '', say)
  } else {
    say('kfile')
    await sendFile(local, 'file', say)
  }
  say('done')
  return 0
}

async function sendFolder(folder: string, prefix: string, say: (line: string) => void): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name } of entries.filter((entry) => entry.isFile())) await sendFile(join(folder, name), `${prefix}${name}`, say)
  for (const { name } of entries.filter((entry) => entry.isSymbolicLink())) say(`l${encoded(`${prefix}${name}`)}`)
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    say(`d${encoded(`${prefix}${name}`)}`)
    await sendFolder(join(folder, name), `${prefix}${name}/`, say)
  }
}

async function sendFile(path: string, name: string, say: (line: string) => void): Promise<void> {
  const handle = await open(path)
  const digest = createHash('sha256')
  say(`f${(await handle.stat()).size} ${encoded(name)}`)
  for await (const chunk of handle.createReadStream({ highWaterMark: 196_608 })) {
    digest.update(chunk as Buffer)
    say(`+${(chunk as Buffer).toString('base64')}`) // no encoding is set
  }
  say(`e${digest.digest('hex')}`)
}
