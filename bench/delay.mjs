// A link with delay: node bench/delay.mjs PORT TARGET-PORT MILLISECONDS. What comes is handed on so much later, in both directions.
import { connect, createServer } from 'node:net'

const [port, target, delay] = process.argv.slice(2).map(Number)

createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
  const far = connect({ host: '127.0.0.1', port: target, noDelay: true, allowHalfOpen: true })
  link(near, far)
  link(far, near)
}).listen(port, '127.0.0.1')

function link(from, to) {
  const later = (action) => setTimeout(() => (to.destroyed ? undefined : action()), delay)
  from.on('data', (chunk) => later(() => to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => undefined).on('close', () => later(() => to.destroy()))
}
