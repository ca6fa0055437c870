import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A registry of Debian's `docker-registry`, on a port of its own, with its data in a temporary folder. */
export interface DockerRegistry {
  /** `127.0.0.1:…` */
  readonly host: string
  stop(): Promise<void>
}

/** Starts a registry. */
export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-registry-'))
  const config = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: '127.0.0.1:0', secret: 'not secret' },
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config)) // YAML takes JSON
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill()
    await exited
    await rm(folder, { recursive: true })
  }
  for await (const line of createInterface(child.stderr)) {
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1]
    if (host === undefined) continue
    child.stderr.resume()
    return { host, stop }
  }
  await stop()
  throw new Error('docker-registry ended')
}
