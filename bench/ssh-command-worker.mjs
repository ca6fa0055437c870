// Runs commands over one SSH connection, and says how long each took, in milliseconds: node bench/ssh-command-worker.mjs PORT KEY COUNT
import { sshCommunicator } from '@imago/communicator-ssh'
import { provisionContext } from '@imago/testing'

const [port, key = '', count] = process.argv.slice(2)
const machine = await sshCommunicator({ host: '127.0.0.1', port: Number(port), key: { file: key } }, provisionContext())
const times = []
// the first ones find the program's code cold
for (let index = -50; index < Number(count); index++) {
  const started = performance.now()
  const { exitCode } = await machine.exec('true')
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`)
  if (index >= 0) times.push(performance.now() - started)
}
await machine[Symbol.asyncDispose]()
console.log(JSON.stringify(times))
