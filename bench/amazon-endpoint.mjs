// The EC2 emulator in a process of its own, for bench/amazon.mjs: keeps its environment and what it has counted in a file.
import { renameSync, writeFileSync } from 'node:fs'

import { startEc2Emulator } from '@imago/ec2-emulator'

const [delays, countsFile] = process.argv.slice(2)
const emulator = await startEc2Emulator({ guests: 'docker', delays })
const write = () => {
  const images = emulator.leftovers().filter(({ kind }) => kind === 'image')
  const others = emulator.leftovers().filter(({ kind }) => kind !== 'image' && kind !== 'snapshot')
  writeFileSync(`${countsFile}.new`, JSON.stringify({ env: emulator.env, calls: emulator.journal.calls().length, images, others }))
  renameSync(`${countsFile}.new`, countsFile)
}
write()
const timer = setInterval(write, 100)
process.once('SIGTERM', async () => {
  clearInterval(timer)
  await emulator[Symbol.asyncDispose]()
  process.exit(0)
})
