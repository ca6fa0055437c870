import { secret } from '@imago/core'

import type { BootCommand, KeyEvent, MediaSource, VmOptions } from './index.ts'
import { waitForScreen, waitForText } from './index.ts'

// every right use compiles
export const sources: readonly MediaSource[] = [
  { url: 'debian.iso', checksum: 'none' },
  { url: ['https://mirror.example/debian.iso', './debian.iso'], checksum: 'sha256:00' },
  { url: 'https://mirror.example/debian.iso', checksum: { url: 'https://mirror.example/SHA256SUMS' } },
]
export const options: VmOptions = {
  http: { content: { 'preseed.cfg': ({ httpUrl }) => `from ${httpUrl ?? ''}`, 'password.txt': secret('word') } },
  cloudInit: {
    userData: { users: ['default'], password: secret('word') },
    networkConfig: ({ host }) => ({ version: 2, host: host ?? null }),
  },
  boot: { command: ({ httpUrl }) => [waitForText(/boot:/), `install url=${httpUrl ?? ''}/preseed.cfg<enter>`], keyInterval: '20ms' },
}

// error: Type '"sha265:00"' is not assignable
export const misspelt: MediaSource = { url: 'a.iso', checksum: 'sha265:00' }
// error: Property 'checksum' is missing
export const unchecked: MediaSource = { url: 'a.iso' }
// error: Type 'Date' is not assignable
export const odd: VmOptions = { boot: { command: [new Date(0)] } }
// error: 'tolerence' does not exist
export const screen: BootCommand = [waitForScreen('a.png', { tolerence: 1 })]
// error: Type '"enter"' is not assignable
export const key: KeyEvent = { key: 'enter', down: true }
// error: 'wiat' does not exist
export const boot: VmOptions = { boot: { wiat: '1s' } }
