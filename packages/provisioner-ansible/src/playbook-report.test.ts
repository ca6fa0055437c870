import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { PlaybookEvent } from './playbook-events.ts'
import { EventReader } from './playbook-events.ts'
import { playbookError } from './playbook-error.ts'
import { PlaybookReport } from './playbook-report.ts'

const output = `PLAY [all] *****
\u001e{"event": "play", "name": "all"}
\u001e{"event": "task", "name": "look für cow"}
text in which \u001e{"event": "task"} is no event
\u001ethis is none, and {"event": "unknown"} is not either
\u001e{"event": "unknown"}
ok: [default]
\u001e{"event": "stats", "hosts": {"default": {"ok": 1, "changed": 0, "failures": 0, "unreachable": 0, "skipped": 2}}}
no newline at the end`

function read(chunks: readonly Uint8Array[]): { readonly events: PlaybookEvent[]; readonly text: string } {
  const events: PlaybookEvent[] = []
  const texts: Uint8Array[] = []
  const reader = new EventReader(
    (event) => events.push(event),
    (chunk) => texts.push(chunk),
  )
  for (const chunk of chunks) reader.take(chunk)
  reader.end()
  return { events, text: Buffer.concat(texts).toString('utf8') }
}

test('events and text are told apart, wherever the output is cut', () => {
  const bytes = Buffer.from(output)
  const whole = read([bytes])
  expect(whole.events.map(({ event }) => event)).toEqual(['play', 'task', 'stats'])
  expect(whole.text.split('\n')).toEqual([
    'PLAY [all] *****',
    'text in which \u001e{"event": "task"} is no event',
    '\u001ethis is none, and {"event": "unknown"} is not either',
    '\u001e{"event": "unknown"}',
    'ok: [default]',
    'no newline at the end',
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
      expect(read(places.slice(1).map((end, index) => bytes.subarray(places[index], end)))).toEqual(whole)
    }),
  )
  expect(read([Buffer.from('\u001e{"event": "ta')]).text).toBe('\u001e{"event": "ta')
})

test('tasks are counted, the recap is said, and a play for nobody is an error', () => {
  const said: object[] = []
  const shown: string[] = []
  const report = new PlaybookReport({
    playbook: 'site.yml',
    emit: (event) => said.push(event),
    output: (stream, chunk) => shown.push(`${stream} ${Buffer.from(chunk).toString('utf8')}`),
  })
  report.onOutput('stdout', Buffer.from(output))
  report.onOutput('stderr', Buffer.from('[WARNING]: moo\n'))
  report.finish(0)
  expect(said).toEqual([
    { type: 'progress', task: 'tasks of site.yml', done: 1, unit: 'items' },
    { type: 'progress', task: 'tasks of site.yml', done: 1, total: 1, unit: 'items' },
    {
      type: 'message',
      level: 'info',
      text: 'default: 1 ok, 0 changed, 2 skipped',
      data: {
        playbook: 'site.yml',
        host: 'default',
        ok: 1,
        changed: 0,
        failed: 0,
        unreachable: 0,
        skipped: 2,
        rescued: 0,
        ignored: 0,
      },
    },
  ])
  expect(shown.at(-1)).toBe('stderr [WARNING]: moo\n')

  const empty = new PlaybookReport({ playbook: 'site.yml', emit: () => undefined, output: () => undefined })
  empty.onOutput(
    'stdout',
    Buffer.from('\u001e{"event": "play", "name": "web"}\n\u001e{"event": "no-hosts"}\n\u001e{"event": "stats", "hosts": {}}\n'),
  )
  expect(() => empty.finish(0)).toThrow("no play of 'site.yml' is for the machine of the build")

  const other = new PlaybookReport({ playbook: 'site.yml', emit: () => undefined, output: () => undefined })
  other.onOutput('stdout', Buffer.from('what another callback plugin prints\n'))
  expect(() => other.finish(0)).not.toThrow()
})

const failed = { event: 'result', status: 'failed', host: 'cow', task: 'do', path: '/p.yml:3', ignored: false } as const
const quiet = { msg: '', stderr: '', module_stderr: '', module_stdout: '' }

test.each([
  [{ msg: 'Missing sudo password' }, 'Missing sudo password', /become: \{ password \}/],
  [
    { msg: 'MODULE FAILURE', rc: 127, module_stderr: '/bin/sh: 1: /usr/bin/python3: not found\n' },
    '/bin/sh: 1: /usr/bin/python3: not found',
    /install -y python3/,
  ],
  [
    { msg: 'failed', rc: 1, module_stderr: "Traceback\nModuleNotFoundError: No module named 'shutil'" },
    "No module named 'shutil'",
    /python3-minimal is not enough/,
  ],
  [
    { msg: 'failed', module_stdout: '/bin/sh: 1: sudo: not found\r\n', rc: 127 },
    'failed (exit code 127): /bin/sh: 1: sudo: not found',
    /install sudo/,
  ],
  [{}, 'no message', /^$/],
])('a failed task with %o', (result, message, hint) => {
  const error = playbookError({
    playbook: 'site.yml',
    exitCode: 2,
    failed: { ...failed, ...quiet, ...result },
    stderr: '',
    isForNobody: false,
  })
  expect(error.message).toMatch(/^the task 'do' \(\/p.yml:3\) failed on cow: /)
  expect(error.message).toContain(message)
  expect(error.hint ?? '').toMatch(hint)
})

test.each([
  [
    "ERROR! Syntax Error while loading YAML.\n  mapping values are not allowed\n\nThe error appears to be in '/p.yml': line 3, column 7, but may\nbe elsewhere\n",
    'Syntax Error while loading YAML. mapping values are not allowed (/p.yml:3:7)',
  ],
  ["[WARNING]: moo\n[ERROR]: the role 'x' was not found in /a:/b\n", "the role 'x' was not found in /a:/b"],
  [
    "ERROR! We were unable to read either as JSON nor YAML, these are the errors:\nJSON: Expecting value\n\nSyntax Error while loading YAML.\n  found unknown escape\n\nThe error appears to be in '/p.yml': line 3, column 7, but\n",
    'Syntax Error while loading YAML. found unknown escape (/p.yml:3:7)',
  ],
  ["[ERROR]: couldn't find it\nOrigin: /p.yml:3:7\n\n1 - hosts: all\n", "couldn't find it (/p.yml:3:7)"],
  ['usage: ansible-playbook [-h]\nansible-playbook: error: unrecognized arguments: --no\n', 'unrecognized arguments: --no'],
])('a playbook that is not started: %s', (stderr, problem) => {
  const error = playbookError({ playbook: 'site.yml', exitCode: 4, failed: undefined, stderr, isForNobody: false })
  expect(error.message).toBe(`the playbook 'site.yml' cannot be run: ${problem}`)
})

test('without a word of Ansible there is its exit code', () => {
  const error = playbookError({ playbook: 'site.yml', exitCode: 250, failed: undefined, stderr: '', isForNobody: false })
  expect(error).toMatchObject({
    code: 'COMMAND_FAILED',
    exitCode: 250,
    message: "ansible-playbook ended with exit code 250 for 'site.yml'",
  })
})

test('a host that was reached and is no more has broken the connection; one that never was is not reached', () => {
  const reached = `\u001e{"event": "result", "status": "ok", "host": "cow", "task": "one"}\n`
  const lost = `\u001e{"event": "result", "status": "unreachable", "host": "cow", "task": "two", "msg": "closed"}\n`
  const errorOf = (output: string): unknown => {
    const report = new PlaybookReport({ playbook: 'site.yml', emit: () => undefined, output: () => undefined })
    report.onOutput('stdout', Buffer.from(output))
    try {
      report.finish(4)
    } catch (error) {
      return error
    }
    return undefined
  }
  expect(errorOf(reached + lost)).toMatchObject({
    code: 'DISCONNECTED',
    message: "Ansible does not reach any more cow for the task 'two' of 'site.yml': closed",
  })
  expect(errorOf(reached.replace('cow', 'calf') + lost)).toMatchObject({ code: 'NETWORK', exitCode: 4 })
})
