import { AssertionError } from 'node:assert/strict'

import { describe, expect, test } from 'vitest'

import { expectMachine } from './expect-machine.ts'
import type { FakeMachine } from './fake-machine.ts'
import { fakeMachine } from './fake-machine.ts'

/** The message with which an expectation fails. */
function failure(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    if (error instanceof AssertionError) return error.message
    throw error
  }
  throw new Error('the expectation did not fail')
}

async function provisioned(): Promise<FakeMachine> {
  const machine = fakeMachine({ name: 'docker' })
  await machine.exec('set -e\napt-get update\napt-get install -y nginx', { env: { DEBIAN_FRONTEND: 'dialog' } })
  await machine.upload({ content: 'listen 80;\nroot /srv;\n' }, '/etc/nginx/site.conf', { mode: 0o600 })
  await machine.exec(['bash', '-s'], { stdin: 'systemctl enable nginx\n', cwd: '/srv' })
  return machine
}

describe('toHaveRun', () => {
  test('finds whole commands, lines, input and expressions', async () => {
    const machine = await provisioned()
    expect(() =>
      expectMachine(machine)
        .toHaveRun('apt-get update')
        .toHaveRun('bash -s')
        .toHaveRun('systemctl enable nginx', { cwd: '/srv', stdin: /^systemctl/ })
        .toHaveRun(/apt-get install .*nginx$/m, { env: { DEBIAN_FRONTEND: /./ } })
        .toHaveRun(/nginx/g, { times: 2 })
        .toHaveRun('systemctl', { times: 0 }),
    ).not.toThrow()
  })

  test('takes no part of a line for a line', async () => {
    const machine = await provisioned()
    expect(failure(() => expectMachine(machine).toHaveRun('apt-get'))).toContain('expected a command apt-get')
  })

  test('shows the closest command and the line in it', async () => {
    const machine = await provisioned()
    expect(failure(() => expectMachine(machine).toHaveRun('apt-get instal nginx'))).toBe(
      [
        'docker: expected a command apt-get instal nginx',
        'the closest is command 1 of 2:',
        '  - apt-get instal nginx',
        '  + apt-get install -y nginx',
      ].join('\n'),
    )
    expect(failure(() => expectMachine(machine).toHaveRun(/systemctl start nginx/))).toContain(
      'command 2 of 2:\n  - /systemctl start nginx/\n  + systemctl enable nginx',
    )
  })

  test('shows what else is different', async () => {
    const machine = await provisioned()
    const wrong = { env: { DEBIAN_FRONTEND: 'noninteractive', LANG: 'C' }, cwd: '/x', stdin: 'y' }
    expect(failure(() => expectMachine(machine).toHaveRun('apt-get update', wrong))).toBe(
      [
        'docker: expected a command apt-get update',
        'the closest is command 1 of 2:',
        '  - env DEBIAN_FRONTEND: noninteractive',
        '  + env DEBIAN_FRONTEND: dialog',
        '  - env LANG: C',
        '  + env LANG: not set',
        '  - cwd: /x',
        '  + cwd: not set',
        '  stdin:',
        '  - y',
        '  +',
      ].join('\n'),
    )
  })

  test('counts', async () => {
    const machine = await provisioned()
    expect(failure(() => expectMachine(machine).toHaveRun(/nginx/, { times: 1 }))).toContain('1 times, but it ran 2 times')
  })

  test('says that nothing ran', () => {
    expect(failure(() => expectMachine(fakeMachine()).toHaveRun('x'))).toBe('machine: expected a command x\nno command ran')
  })
})

test('notToHaveRun shows what ran', async () => {
  const machine = await provisioned()
  expectMachine(machine).notToHaveRun(/curl/)
  expect(failure(() => expectMachine(machine).notToHaveRun(/systemctl/))).toBe(
    'docker: expected no command /systemctl/, but there was command 2 of 2\n  bash -s\n  systemctl enable nginx',
  )
})

describe('uploads', () => {
  test('are found by path, content, mode and owner', async () => {
    const machine = await provisioned()
    expect(() =>
      expectMachine(machine)
        .toHaveUploaded('/etc/nginx/site.conf', { content: /^root/m, mode: 0o600, owner: '0:0', times: 1 })
        .toHaveUploaded(/nginx/, { content: Buffer.from('listen 80;\nroot /srv;\n') })
        .notToHaveUploaded('/etc/nginx'),
    ).not.toThrow()
  })

  test('are shown as they differ', async () => {
    const machine = await provisioned()
    const details = { content: 'listen 8080;\nroot /srv;\n', mode: 0o644, owner: 'www' }
    expect(failure(() => expectMachine(machine).toHaveUploaded('/etc/nginx/sites.conf', details))).toBe(
      [
        'docker: expected an upload to /etc/nginx/sites.conf',
        'the closest is upload 1 of 1:',
        '  - /etc/nginx/sites.conf',
        '  + /etc/nginx/site.conf',
        '  content:',
        '  - listen 8080;',
        '  + listen 80;',
        '    root /srv;',
        '    ',
        '  - mode: 0o644',
        '  + mode: 0o600',
        '  - owner: www',
        '  + owner: 0:0',
      ].join('\n'),
    )
    expect(failure(() => expectMachine(machine).notToHaveUploaded(/conf$/))).toContain('but there was one to /etc/nginx/site.conf')
    expect(failure(() => expectMachine(fakeMachine()).toHaveUploaded('/x'))).toContain('nothing was uploaded')
  })

  test('of directories count as a whole and file by file', async () => {
    const machine = fakeMachine()
    await machine.upload({ path: import.meta.dirname }, '/srv')
    expectMachine(machine)
      .toHaveUploaded('/srv')
      .toHaveUploaded('/srv/index.ts', { content: /export/ })
    expect(failure(() => expectMachine(machine).toHaveUploaded('/srv', { content: 'x' }))).toContain('a directory')
  })
})

test('downloads are found', async () => {
  const machine = fakeMachine()
  expect(failure(() => expectMachine(machine).toHaveDownloaded('/var/log/x'))).toContain('nothing was downloaded')
  await expect(machine.download('/var/log/x', '/nowhere')).rejects.toThrow('no such file')
  expectMachine(machine).toHaveDownloaded('/var/log/x')
  expect(failure(() => expectMachine(machine).toHaveDownloaded('/var/log/y'))).toContain('the closest is one of /var/log/x')
})

test('restarts are counted, and have their place in the order', async () => {
  const machine = fakeMachine()
  expect(failure(() => expectMachine(machine).toHaveRestarted())).toBe('machine: expected a restart, but there was none')
  await machine.exec('before')
  await machine.restart?.()
  await machine.exec('after')
  expectMachine(machine)
    .toHaveRestarted({ times: 1 })
    .inOrder(['before', { restart: true }, 'after'])
  expect(failure(() => expectMachine(machine).toHaveRestarted({ times: 2 }))).toContain('expected 2 restarts, but there were 1')
  expect(failure(() => expectMachine(machine).inOrder(['after', { restart: true }]))).toBe(
    [
      'machine: expected a restart after a command after, but it came before that, as 2 of 3',
      'what happened:',
      '  1. command before',
      '  2. restart',
      '  3. command after',
    ].join('\n'),
  )
})

describe('inOrder', () => {
  test('finds steps with others in between', async () => {
    const machine = await provisioned()
    expect(() =>
      expectMachine(machine)
        .inOrder([/apt-get/, { upload: /nginx/, mode: 0o600 }, { command: 'bash -s', cwd: '/srv' }])
        .inOrder(['apt-get update', 'bash -s']),
    ).not.toThrow()
  })

  test('says what came too early, and what happened', async () => {
    const machine = await provisioned()
    expect(failure(() => expectMachine(machine).inOrder(['bash -s', { upload: '/etc/nginx/site.conf' }]))).toBe(
      [
        'docker: expected an upload to /etc/nginx/site.conf after a command bash -s, but it came before that, as 2 of 3',
        'what happened:',
        '  1. command set -e',
        '     apt-get update',
        '     apt-get install -y nginx',
        '  2. upload to /etc/nginx/site.conf',
        '  3. command bash -s',
        '     systemctl enable nginx',
      ].join('\n'),
    )
  })

  test('does not take one command twice', async () => {
    const machine = await provisioned()
    expect(failure(() => expectMachine(machine).inOrder(['bash -s', 'bash -s']))).toContain('after a command bash -s')
    expect(failure(() => expectMachine(fakeMachine()).inOrder([{ download: '/x' }]))).toBe(
      'machine: expected a download of /x\nnothing happened',
    )
  })
})
