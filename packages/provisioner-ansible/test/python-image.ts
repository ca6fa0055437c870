import { execFileSync } from 'node:child_process'

/** Debian's image with Python. It is made once, and stays in the engine's store. */
export const pythonImage = 'imago-ansible-python:1'

/** Makes {@link pythonImage} where it is not there. */
export function makePythonImage(): void {
  try {
    execFileSync('docker', ['image', 'inspect', pythonImage], { stdio: 'ignore' })
  } catch {
    const name = `imago-ansible-${process.pid}`
    const script = 'apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 >/dev/null && rm -rf /var/lib/apt/lists'
    const options = ['--network', 'host', '--name', name]
    try {
      execFileSync('docker', ['run', ...options, 'debian:12', 'sh', '-c', script], { stdio: ['ignore', 'ignore', 'pipe'] })
      execFileSync('docker', ['commit', name, pythonImage], { stdio: 'ignore' })
    } finally {
      execFileSync('docker', ['rm', '--force', name], { stdio: 'ignore' })
    }
  }
}
