import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

import type { Bench, TestRunner } from './contract-bench.ts'
import { within } from './contract-bench.ts'

/** Standard input, environment and folder of commands. */
export function execInputContract({ describe, test }: TestRunner, bench: Bench): void {
  describe('exec: standard input', () => testStdin(test, bench))
  describe('exec: environment and folder', () => testEnvironment(test, bench))
}

function testStdin(test: TestRunner['test'], bench: Bench): void {
  test('is at its end when none is given', async () => {
    assert.equal((await within(5000, 'cat', bench.run('cat'))).stdout.length, 0)
    assert.equal((await within(5000, 'cat', bench.run(['cat']))).stdout.length, 0)
    assert.equal((await within(5000, 'read', bench.run('read line; echo "$line"; cat\necho next'))).stdout.toString(), '\nnext\n')
  })
  test('takes text', async () => {
    const text = "it's $HOME\n\\\n\nEOF\n  ü☃ no line end"
    assert.equal((await bench.run('cat', { stdin: text })).stdout.toString(), text)
    assert.equal((await bench.run(['cat'], { stdin: text })).stdout.toString(), text)
    assert.equal((await bench.run('cat', { stdin: '' })).stdout.toString(), '')
  })
  test('takes every byte', async () => {
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(1 << 20)])
    assert.ok((await bench.run('cat', { stdin: bytes })).stdout.equals(bytes))
  })
  test('takes a stream', async () => {
    const chunks = Array.from({ length: 64 }, () => randomBytes(65_536))
    const { stdout } = await bench.run(['cat'], { stdin: Readable.from(chunks) })
    assert.ok(stdout.equals(Buffer.concat(chunks)))
  })
  test('takes text of 1 MB with one long line', async () => {
    const text = `${'x'.repeat(1 << 20)}\nend`
    assert.equal((await bench.run('cat', { stdin: text })).stdout.toString(), text)
  })
  test('need not be read', async () => {
    const stdin = Buffer.alloc(4 << 20)
    assert.equal((await within(10_000, 'a command that reads nothing', bench.run('exit 4', { stdin }))).exitCode, 4)
    assert.equal((await within(10_000, 'a command that reads nothing', bench.run('exit 5', { stdin: 'x'.repeat(1 << 20) }))).exitCode, 5)
    assert.equal((await bench.run('echo on')).stdout.toString(), 'on\n')
  })
}

function testEnvironment(test: TestRunner['test'], bench: Bench): void {
  const values = {
    SPACES: '  a  b  ',
    QUOTES: `it's "quoted" \`id\` $HOME $(id) \\ \\n !`,
    LINES: 'one\ntwo\n\n',
    UNICODE: 'ü☃𝄞',
    EMPTY: '',
    LONG: 'x'.repeat(100_000),
    EQUALS: '=a=b',
    PERCENT: '%s %d %%',
  }
  for (const [name, value] of Object.entries(values)) {
    test(`takes the variable ${name} as it is`, async () => {
      assert.equal((await bench.run(`printf '%s.' "$${name}"`, { env: values })).stdout.toString(), `${value}.`)
      const { stdout } = await bench.run(['sh', '-c', `printf '%s.' "$${name}"`], { env: { [name]: value } })
      assert.equal(stdout.toString(), `${value}.`)
    })
  }
  test('is added to the one of the machine', async () => {
    assert.notEqual((await bench.run('printf %s "$PATH"', { env: { A: '1' } })).stdout.length, 0)
  })
  test('is in no process list, nor is standard input', async () => {
    const token = randomBytes(12).toString('hex')
    const list = 'cat /proc/[0-9]*/cmdline 2>/dev/null; true'
    const options = { env: { TOKEN: `it's ${token}` }, stdin: `${token}\n` }
    for (const command of [list, ['sh', '-c', list]]) {
      const { stdout } = await bench.run(command, options)
      assert.ok(stdout.includes('sh'), 'the machine shows no processes in /proc')
      assert.ok(!stdout.includes(token), 'a value is in a process list')
    }
  })
  test('the folder is the one that is asked for', async () => {
    const folder = bench.remote(`a folder's "name"`)
    await bench.run(['mkdir', '-p', folder])
    assert.equal((await bench.run('pwd', { cwd: folder })).stdout.toString(), `${folder}\n`)
    assert.equal((await bench.run(['pwd'], { cwd: folder })).stdout.toString(), `${folder}\n`)
  })
  test('nothing runs when the folder does not exist', async () => {
    const outcome = await bench.run('echo ran', { cwd: bench.remote('missing') }).catch((error: unknown) => error)
    if (outcome instanceof Error) return
    assert.ok(typeof outcome === 'object' && outcome !== null && 'exitCode' in outcome && 'stdout' in outcome)
    assert.notEqual(outcome.exitCode, 0)
    assert.equal(String(outcome.stdout), '')
  })
}
