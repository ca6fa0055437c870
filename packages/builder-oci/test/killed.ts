import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { expect, it } from 'vitest'

import { removeRoot } from '../src/root/root-resource.ts'
import { packageFolder, temporaryFolder } from './bench.ts'

/** Starts a root with a process that ignores signals, says so, and waits. */
const script = (folder: string, marker: number): string => `
import { mkdir } from 'node:fs/promises'
import { createJiti } from '${import.meta.resolve('jiti')}'
const jiti = createJiti('${pathToFileURL(join(packageFolder, 'test/')).href}', { fsCache: false })
const { hostFiles } = await jiti.import('../src/from/host-binaries.ts')
const { openRoot } = await jiti.import('../src/root/open-root.ts')
const { signal } = new AbortController()
await mkdir('${folder}/root', { mode: 0o700 })
const root = await openRoot('${folder}/root', signal)
await root.tree.install(await hostFiles(['sh', 'sleep', 'mkdir', 'chmod', 'touch'], signal), { signal })
const machine = await root.start({ env: { PATH: '/usr/bin:/bin' }, cwd: '/' }, signal)
const command = "trap '' TERM INT HUP; mkdir -p /locked/in; touch /locked/in/file; chmod 0 /locked/in /locked; (trap '' TERM; exec sleep ${marker}) & sleep ${marker} & echo ready; wait"
await machine.connect().exec(command, { onOutput: () => process.send('ready') })
`

/** What happens when the process of a build is killed without a word. */
export function killedTests(): void {
  it('leaves no process and no mount when it is killed, and a directory that can be removed', async () => {
    const folder = await temporaryFolder()
    const marker = 100_000_000 + process.pid
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(folder, marker)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await Promise.race([once(child, 'message'), once(child, 'exit').then(() => expect.fail('the build ended early'))])
    await expect.poll(async () => (await processesOf(String(marker))).filter((line) => line.startsWith('sleep'))).toHaveLength(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(() => processesOf(folder, String(marker)), { timeout: 5000 }).toEqual([])
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(folder)
    await removeRoot(folder, new AbortController().signal)
    await expect(lstat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('removes what does not exist', async () => {
    expect(await removeRoot('/tmp/imago-nothing-is-here', new AbortController().signal)).toBeUndefined()
  })
}

/** The command lines with any of these words in them. */
async function processesOf(...words: readonly string[]): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => words.some((word) => line.includes(word))).map((line) => line.replaceAll('\0', ' '))
}
