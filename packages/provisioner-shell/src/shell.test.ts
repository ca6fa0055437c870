import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { StepOptions } from '@imago/core'
import { ImagoError, secret } from '@imago/core'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ShellOptions } from './index.ts'
import { shell } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-shell-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

async function provision(options: ShellOptions & StepOptions, machine = fakeMachine()) {
  const context = provisionContext({ machine, directory })
  await shell(options).provision(context)
  return { machine, said: context.said }
}

describe('what runs', () => {
  test('inline lines are one script that ends at the first failure', async () => {
    const { machine } = await provision({ inline: ['cd /srv', 'make'] })
    expect(machine.commands.map(({ command }) => command)).toEqual(['set -e\ncd /srv\nmake\n'])
  })
  test('inline lines come from facts', async () => {
    const { machine } = await provision({ inline: ({ buildName }) => [`echo ${buildName}`] })
    expectMachine(machine).toHaveRun('echo fake')
  })
  test('a script runs as it is, without CR and byte order mark', async () => {
    await writeFile(join(directory, 'setup.sh'), '\uFEFF#!/bin/sh -eu\r\necho a\r\n')
    const { machine } = await provision({ script: 'setup.sh' })
    expect(machine.commands.map(({ command }) => command)).toEqual(['set -eu\necho a\n'])
  })
  test('scripts run in order, until one fails', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(directory, name), `echo ${name}`)
    const machine = fakeMachine().on('echo b', { exitCode: 3 })
    await expect(provision({ scripts: ['a', 'b', 'c'] }, machine)).rejects.toThrow("'b' ended with exit code 3")
    expectMachine(machine).inOrder(['echo a', 'echo b']).notToHaveRun('echo c')
  })
  test('a script that has gone is an error', async () => {
    await expect(provision({ script: 'gone.sh' })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })
  test('another interpreter gets the script on a descriptor of its own', async () => {
    await writeFile(join(directory, 'setup.py'), '#!/usr/bin/env python3\nprint(1)\n')
    const { machine } = await provision({ script: 'setup.py', workdir: '/srv' })
    expect(machine.commands).toMatchObject([{ stdin: '#!/usr/bin/env python3\nprint(1)\n', cwd: '/srv' }])
    expectMachine(machine).toHaveRun(/^cat \| \{\nexec 3<&0 .*\/usr\/bin\/env python3 "\$f"/s)
  })
  test('the option stands above the first line', async () => {
    await writeFile(join(directory, 'setup'), '#!/usr/bin/python3\n')
    const { machine } = await provision({ script: 'setup', interpreter: ['bash', '-x'] })
    expectMachine(machine).toHaveRun(/^bash -x "\$f"$/m)
  })
})

describe('environment', () => {
  test('has the facts, the options, and what the options compute', async () => {
    const env = { A: "it's", B: ({ image }: { image: string }) => image, T: secret('hunter22'), U: () => secret('swordfish') }
    const { machine, said } = await provision({ inline: ['x'], env })
    const expected = { IMAGO_BUILD_NAME: 'fake', PACKER_BUILDER_TYPE: 'fake', A: "it's", B: 'image', T: 'hunter22', U: 'swordfish' }
    expectMachine(machine).toHaveRun('x', { env: expected })
    expect(said.secrets).toEqual(['hunter22', 'swordfish'])
  })
  test('is neither in the command nor in an argument, wrapped or not', async () => {
    for (const options of [{}, { sudo: true }, { interpreter: 'bash' }, { remotePath: '/tmp/x', sudo: true }]) {
      const { machine } = await provision({ inline: ['x'], env: { TOKEN: 'hunter22' }, ...options })
      for (const { command } of machine.commands) expect(JSON.stringify(command)).not.toContain('hunter22')
    }
  })
})

describe('how it ends', () => {
  test('another exit code is an error with the code and a hint', async () => {
    const machine = fakeMachine().on(/./, { exitCode: 127 })
    await expect(provision({ inline: ['# first', 'nginx', 'x'] }, machine)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      exitCode: 127,
      message: "'nginx' ended with exit code 127",
      hint: expect.stringContaining('not found'),
    })
  })
  test('some codes are no failure', async () => {
    const machine = fakeMachine().on(/./, { exitCode: 100 }, { exitCode: 0 })
    await provision({ inline: ['x'], validExitCodes: [100] }, machine)
    await expect(provision({ inline: ['x'], validExitCodes: [100] }, machine)).rejects.toThrow('exit code 0')
  })
  test.each([
    [137, 'memory'],
    [139, 'signal 11'],
    [1, 'validExitCodes'],
  ])('exit code %i has a hint', async (exitCode, hint) => {
    const machine = fakeMachine().on(/./, { exitCode })
    await expect(provision({ inline: ['x'] }, machine)).rejects.toMatchObject({ hint: expect.stringContaining(hint) })
  })
  test('a broken connection is an error with a hint', async () => {
    const machine = fakeMachine().on(/reboot/, { disconnect: true })
    await expect(provision({ inline: ['reboot'] }, machine)).rejects.toMatchObject({
      code: 'DISCONNECTED',
      message: expect.stringContaining("'reboot'"),
      hint: expect.stringContaining('expectDisconnect'),
    })
  })
  test('a broken connection may be expected', async () => {
    await writeFile(join(directory, 'a'), 'reboot')
    await writeFile(join(directory, 'b'), 'uptime')
    const machine = fakeMachine().on(/reboot/, { disconnect: true })
    await provision({ scripts: ['a', 'b'], expectDisconnect: true }, machine)
    expectMachine(machine).inOrder(['reboot', 'uptime'])
  })
  test('a machine that is lost is an error in any case', async () => {
    const machine = fakeMachine()
    machine.disconnect(new ImagoError('MACHINE_LOST', 'the container is gone'))
    await expect(provision({ inline: ['x'], expectDisconnect: true }, machine)).rejects.toMatchObject({ code: 'MACHINE_LOST' })
  })
  test('output is handed on, and a signal ends it', async () => {
    const machine = fakeMachine().on('x', { stdout: 'out', stderr: 'err' }).on('y', { hang: true })
    expect((await provision({ inline: ['x'] }, machine)).said).toMatchObject({ stdout: 'out', stderr: 'err' })
    const context = provisionContext({ machine, signal: AbortSignal.timeout(5) })
    await expect(shell({ inline: ['y'] }).provision(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})

describe('as a file', () => {
  test('is uploaded, run and removed', async () => {
    await writeFile(join(directory, 'setup.sh'), '#!/bin/bash\r\necho a\r\n')
    const { machine } = await provision({ script: 'setup.sh', remotePath: '/opt/x/setup', workdir: '/srv' })
    expectMachine(machine)
      .toHaveUploaded('/opt/x/setup', { content: '#!/bin/bash\necho a\n', mode: 0o700 })
      .inOrder([{ upload: '/opt/x/setup' }, { command: '/bin/bash /opt/x/setup', cwd: '/srv' }, 'rm -f -- /opt/x/setup'])
    expect(machine.commands[0]?.stdin).toBeUndefined()
  })
  test('is removed after a failure and a cancel', async () => {
    const machine = fakeMachine().on(/^\/bin\/sh/, { exitCode: 1 }, { hang: true })
    await expect(provision({ inline: ['x'], remotePath: '/tmp/setup' }, machine)).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
    const context = provisionContext({ machine, signal: AbortSignal.timeout(5) })
    await expect(shell({ inline: ['x'], remotePath: '/tmp/setup' }).provision(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expectMachine(machine).toHaveRun(/^rm -f/, { times: 2 })
  })
  test('that cannot be removed is a warning', async () => {
    const machine = fakeMachine().on(/^rm/, { exitCode: 1 })
    const { said } = await provision({ inline: ['x'], remotePath: '/tmp/setup' }, machine)
    expect(said.events).toMatchObject([{ level: 'warning', text: expect.stringContaining('/tmp/setup') }])
  })
  test('a binary is sent byte for byte and runs by itself', async () => {
    const bytes = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x0d, 0x0a, 0xff])
    await writeFile(join(directory, 'tool'), bytes)
    const { machine } = await provision({ script: 'tool', remotePath: '/tmp/tool', binary: true })
    expectMachine(machine).toHaveUploaded('/tmp/tool', { content: bytes }).toHaveRun('/tmp/tool')
  })
  test('can be read by the user that sudo changes to', async () => {
    const { machine } = await provision({ inline: ['x'], remotePath: '/tmp/x', sudo: { user: 'www' } })
    expectMachine(machine).toHaveUploaded('/tmp/x', { mode: 0o755 })
  })
})

describe('sudo and wrap', () => {
  test('root needs no sudo, others use it', async () => {
    const { machine } = await provision({ inline: ['x'], sudo: true, workdir: '/root/a b' })
    expectMachine(machine).toHaveRun(/if \[ "\$\(id -u\)" = 0 \]; then exec sh -c .*; else exec sudo -n -- sh -c /s)
    expectMachine(machine).toHaveRun(/cd -- .*\/root\/a b.* \|\| exit 126/)
    expect(machine.commands[0]?.cwd).toBeUndefined()
  })
  test('another user is always changed to, and a password goes over standard input', async () => {
    const sudo = { user: 'www', password: secret('hunter22'), preserveEnv: true }
    const { machine, said } = await provision({ inline: ['x'], sudo })
    expectMachine(machine).toHaveRun(/^exec sudo -S -p '' -E -u www -- sh -c /, { stdin: /^hunter22\nimago\nexport / })
    expect(JSON.stringify(machine.commands[0]?.command)).not.toContain('hunter22')
    expect(said.secrets).toEqual(['hunter22'])
  })
  test('sudo: false is none', async () => {
    const { machine } = await provision({ inline: ['x'], sudo: false })
    expect(machine.commands[0]?.command).toBe('set -e\nx\n')
  })
  test('wrap gets the command as words and as a line, and the facts', async () => {
    const list = await provision({ inline: ['x'], wrap: ({ argv, facts }) => ['chroot', `/mnt/${facts.image}`, ...argv] })
    expectMachine(list.machine).toHaveRun(/^chroot \/mnt\/image sh -c /)
    const line = await provision({ inline: ['x'], wrap: (command) => `su - deploy -c "$(cat <<'END'\n${command.line}\nEND\n)"` })
    expectMachine(line.machine).toHaveRun(/^su - deploy -c "\$\(cat <<'END'\nsh -c /)
  })
})

describe('the step', () => {
  test.each([
    [{ inline: ['apt-get update'] }, 'apt-get update'],
    [{ inline: ['# first', '', '  a && b\nc', 'd'] }, 'a && b (and 1 more)'],
    [{ inline: ['x'.repeat(80)] }, `${'x'.repeat(57)}...`],
    [{ inline: () => [] }, 'shell'],
    [{ script: 'scripts/setup.sh' }, 'setup.sh'],
    [{ scripts: ['a/1.sh', 'a/2.sh', 'a/3.sh'] }, '1.sh (and 2 more)'],
  ] satisfies [ShellOptions, string][])('%j is called %j', (options, title) => {
    expect(shell(options).title).toBe(title)
  })
  test('names the files that it reads', () => {
    expect(shell({ script: 'a' }).inputs?.()).toEqual([{ path: 'a', at: ['script'], kind: 'file' }])
    expect(shell({ scripts: ['a', 'b'] }).inputs?.()).toEqual([
      { path: 'a', at: ['scripts', 0], kind: 'file' },
      { path: 'b', at: ['scripts', 1], kind: 'file' },
    ])
    expect(shell({ inline: ['a'] }).inputs?.()).toEqual([])
  })
  test('keeps common options and its own apart', () => {
    const step = shell({ inline: ['a'], name: 'install', only: ['aws'], timeout: '1m', expectDisconnect: true })
    expect(step).toMatchObject({ type: 'shell', name: 'install', only: ['aws'], timeout: '1m', expectDisconnect: true })
    expect(step.options).toEqual({ inline: ['a'] })
    expect(step.validate?.()).toEqual([])
  })
})

describe('validation', () => {
  /** Options as they may come from data, past the compiler. */
  const issuesOf = (options: object): readonly string[] => {
    const issues = shell(options as ShellOptions).validate?.() ?? [] // wrong on purpose
    return issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
  }
  test('reports all problems at once', () => {
    expect(
      issuesOf({
        scirpt: 'x',
        env: { 'A-B': 'x', C: 1 },
        interpreter: 'bash -e',
        validExitCodes: [0, 256],
        remotePath: 'tmp/x',
        sudo: { passwrod: 'x' },
        workdir: '',
      }),
    ).toMatchInlineSnapshot(`
      [
        "env.A-B: 'A-B' is not a name of an environment variable",
        "env.C: must be a string or a secret, not 1",
        "interpreter: must be one word; give a program with arguments as a list: ['bash', '-e'], not "bash -e"",
        "workdir: must not be empty, not """,
        "sudo.passwrod: unknown option 'passwrod' (did you mean 'password'?)",
        "validExitCodes.1: must be 0 to 255, not 256",
        "remotePath: must be an absolute path of the machine, not "tmp/x"",
        "scirpt: unknown option 'scirpt' (did you mean 'script'?)",
        ": one of inline, script and scripts is required",
      ]
    `)
  })
  test('a script may be uploaded to a path of Windows', () => {
    expect(shell({ inline: ['x'], remotePath: 'C:/Windows/Temp/x.bat' }).validate?.()).toEqual([])
    expect(shell({ inline: ['x'], remotePath: 'C:x.bat' }).validate?.()).toMatchObject([{ path: ['remotePath'] }])
  })
  test('wants exactly one source', () => {
    expect(issuesOf({})).toEqual([': one of inline, script and scripts is required'])
    expect(issuesOf({ inline: ['a'], script: 'b', scripts: ['c'] })).toEqual([
      'script: inline and script exclude each other (use a step for each)',
      'scripts: inline and scripts exclude each other (use a step for each)',
    ])
    expect(issuesOf({ inline: [] })).toHaveLength(1)
    expect(issuesOf({ scripts: [''] })).toHaveLength(1)
  })
  test('wants what belongs together, and apart', () => {
    expect(issuesOf({ script: 'x', binary: true })).toEqual([
      "binary: needs remotePath (a program must be a file: remotePath: '/tmp/setup')",
    ])
    expect(issuesOf({ script: 'x', sudo: true, wrap: () => '' })).toHaveLength(1)
    expect(issuesOf({ script: 'x', sudo: false, wrap: () => '' })).toEqual([])
    expect(issuesOf({ script: 'x', wrap: 'sudo' })).toHaveLength(1)
  })
})
