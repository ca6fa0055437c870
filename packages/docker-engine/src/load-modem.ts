import { createRequire, Module } from 'node:module'

import type DockerModem from 'docker-modem'

/**
 * Loads docker-modem without ssh2, which it loads beforehand for a way to engines that is not used here, and which takes twice as long as all
 * the rest of it. Another package of this process that does use it still finds it.
 */
export function loadModem(): typeof DockerModem {
  const require = createRequire(import.meta.url)
  const path = require.resolve('docker-modem/lib/ssh.js') // a part of a pinned version; a test sees that ssh2 is not loaded
  if (require.cache[path] === undefined) {
    const late = new Module(path)
    late.exports = (...args: readonly unknown[]): unknown => {
      if (require.cache[path] === late) delete require.cache[path]
      return (require(path) as (...args: readonly unknown[]) => unknown)(...args) // an agent for HTTP
    }
    late.loaded = true
    require.cache[path] = late
  }
  return require('docker-modem') as typeof DockerModem // its own types
}
