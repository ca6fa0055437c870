import type { Server } from 'node:net'

/** Where to listen. */
export interface ListenOptions {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
}

/** Binds a server. */
export async function listen(server: Server, { host, port }: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
