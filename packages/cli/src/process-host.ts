import { coreFunctions } from './core-functions.ts'
import { DescriptorWriter } from './descriptor-writer.ts'
import { readEnvironment } from './environment.ts'
import type { Host } from './host.ts'
import { moduleLoader } from './import-module.ts'
import { streamOutput } from './output.ts'
import { readKeys } from './read-keys.ts'
import { processTerminal } from './terminal.ts'

/** This process as a {@link Host}. */
export function processHost(): Host {
  const environment = readEnvironment()
  return {
    cwd: process.cwd(),
    environment,
    keys: { isTerminal: process.stdin.isTTY, read: (signal) => readKeys(process.stdin, signal) },
    terminal: processTerminal(process.stdin, process.stdout),
    stdout: streamOutput(process.stdout, 'stdout', new DescriptorWriter(process.stdout.fd)),
    stderr: streamOutput(process.stderr, 'stderr', new DescriptorWriter(process.stderr.fd)),
    onSignal(signal, listener) {
      process.on(signal, listener)
      return () => process.off(signal, listener)
    },
    onExit(listener) {
      process.on('exit', listener)
      return () => process.off('exit', listener)
    },
    onCrash(listener) {
      process.on('uncaughtException', listener)
      return () => process.off('uncaughtException', listener)
    },
    exit: (code) => process.exit(code),
    core: coreFunctions,
    modules: moduleLoader(environment.cacheDirectory),
  }
}
