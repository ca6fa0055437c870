import { ImagoError } from '@imago/core'

import type { TaskResult } from './playbook-events.ts'

/** Some problems list all modules that there are. */
const longestProblem = 300

/** How a run of `ansible-playbook` ended that did not succeed. */
export interface PlaybookFailure {
  /** As the definition names it. */
  readonly playbook: string
  readonly exitCode: number
  /** The last task that failed. */
  readonly failed: TaskResult | undefined
  /** Tasks have run on its host before. @default false */
  readonly wasReached?: boolean
  /** The end of its standard error. */
  readonly stderr: string
  /** No play was for any host. */
  readonly isForNobody: boolean
}

/** The error that says why a playbook did not succeed: the task, the host and the message, or what Ansible says of the playbook. */
export function playbookError({ playbook, exitCode, failed, wasReached = false, stderr, isForNobody }: PlaybookFailure): ImagoError {
  if (failed?.status === 'unreachable') return unreachable(playbook, failed, { exitCode, wasReached })
  if (failed !== undefined) return taskError(playbook, failed, exitCode)
  if (exitCode === 0 && isForNobody) {
    return new ImagoError('COMMAND_FAILED', `no play of '${playbook}' is for the machine of the build`, {
      hint: 'let a play name it (hosts: all), or put it into the group that a play names, with groups',
      exitCode,
    })
  }
  const problem = playbookProblem(stderr)
  if (problem === undefined) {
    return new ImagoError('COMMAND_FAILED', `ansible-playbook ended with exit code ${exitCode} for '${playbook}'`, { exitCode })
  }
  const hint = playbookHint(problem)
  return new ImagoError('COMMAND_FAILED', `the playbook '${playbook}' cannot be run: ${problem}`, {
    exitCode,
    ...(hint !== undefined && { hint }),
  })
}

/** A host that Ansible did not get into, or out of which it was thrown. */
function unreachable(
  playbook: string,
  result: TaskResult,
  { exitCode, wasReached }: { readonly exitCode: number; readonly wasReached: boolean },
): ImagoError {
  const words = `${result.host} for the task '${result.task}' ${placeOf(playbook, result)}: ${taskMessage(result)}`
  if (wasReached) {
    return new ImagoError('DISCONNECTED', `Ansible does not reach any more ${words}`, {
      hint: 'restart the machine with ansible.builtin.reboot; or, where the step is to end with the connection, with expectDisconnect: true',
      exitCode,
    })
  }
  return new ImagoError('NETWORK', `Ansible does not reach ${words}`, {
    hint: "the playbook may have changed the machine's network, users or SSH server; verbosity: 3 shows each connection",
    exitCode,
  })
}

function placeOf(playbook: string, { path }: TaskResult): string {
  return path === '' ? `of '${playbook}'` : `(${path})`
}

function taskError(playbook: string, result: TaskResult, exitCode: number): ImagoError {
  const hint = taskHint(result)
  return new ImagoError(
    'COMMAND_FAILED',
    `the task '${result.task}' ${placeOf(playbook, result)} failed on ${result.host}: ${taskMessage(result)}`,
    {
      exitCode,
      ...(hint !== undefined && { hint }),
    },
  )
}

/** What the module says, with the end of what its program printed to standard error. */
function taskMessage({ msg, stderr, module_stderr: moduleStderr, module_stdout: moduleStdout, rc }: TaskResult): string {
  const detail = lastLine(stderr) || lastLine(moduleStderr) || lastLine(moduleStdout)
  const code = rc === undefined || rc === 0 ? '' : ` (exit code ${rc})`
  if (detail === '' || msg.includes(detail)) return `${msg.replaceAll(/\s+/g, ' ') || 'no message'}${code}`
  return `${msg.replaceAll(/\s+/g, ' ')}${code}: ${detail}`
}

function taskHint({ msg, module_stderr: stderr, module_stdout: stdout }: TaskResult): string | undefined {
  const said = `${msg}\n${stderr}\n${stdout}`
  if (/python[\d.]*['"]?: (?:command )?not found|python[\d.]*['"]?: No such file|No python interpreters found/i.test(said)) {
    return "Ansible needs Python in the machine: install it in a step before, such as shell({ inline: ['apt-get update', 'apt-get install -y python3'] })"
  }
  if (/ModuleNotFoundError: No module named '(?:shutil|tempfile|subprocess|zipfile)'/.test(said)) {
    return "the machine's Python lacks parts of its standard library: install python3, python3-minimal is not enough"
  }
  if (/Missing sudo password|a password is required|Incorrect sudo password/.test(said)) return 'give it with become: { password }'
  if (/sudo['"]?: (?:command )?not found/.test(said)) return 'install sudo in the machine, or choose another become.method'
  return undefined
}

/** What Ansible says of a playbook that it does not start: its message, and the place. */
function playbookProblem(stderr: string): string | undefined {
  const said = /^(?:ERROR! |\[ERROR\]: |ansible-playbook: error: )([^]*)/m.exec(stderr)?.[1]
  if (said === undefined) return undefined
  const [, syntax = said] = /^We were unable to read either as JSON nor YAML[^]*?\n\s*\n([^]*)/.exec(said) ?? []
  const message =
    syntax
      .split(/\n\s*\n|\n(?=The error appears|Origin: )/)[0]
      ?.trim()
      .replaceAll(/\s+/g, ' ') ?? ''
  const place = /The error appears to be in '([^']+)': line (\d+), column (\d+)|^Origin: (.+):(\d+):(\d+)$/m.exec(said) ?? []
  const [file, line, column] = place.slice(1).filter((part) => part !== undefined)
  const short = message.length > longestProblem ? `${message.slice(0, longestProblem)}…` : message
  return file === undefined || message.includes(file) ? short : `${short} (${file}:${line}:${column})`
}

function playbookHint(problem: string): string | undefined {
  if (problem.includes("couldn't resolve module/action")) return 'check its name, or name its collection in galaxyFile'
  if (/the role '.*' was not found/.test(problem)) return 'name it in galaxyFile, or put it into a folder of rolesPath'
  return undefined
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
