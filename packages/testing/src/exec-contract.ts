import assert from 'node:assert/strict'

import type { Bench, TestRunner } from './contract-bench.ts'
import { latch, within } from './contract-bench.ts'

/** Results and output of commands. */
export function execContract({ describe, test }: TestRunner, bench: Bench): void {
  describe('exec', () => {
    testResults(test, bench)
    testOutput(test, bench)
    testSession(test, bench)
  })
}

function testResults(test: TestRunner['test'], bench: Bench): void {
  for (const code of [0, 1, 2, 7, 126, 127, 255]) {
    test(`reports exit code ${code}`, async () => {
      assert.equal((await bench.run(`exit ${code}`)).exitCode, code)
      assert.equal((await bench.run(['sh', '-c', `exit ${code}`])).exitCode, code)
    })
  }
  test('reports 128 + n when signal n ended the command', async () => {
    assert.equal((await bench.run(`sh -c 'kill -9 $$'`)).exitCode, 137)
    assert.equal((await bench.run(['sh', '-c', 'kill -15 $$'])).exitCode, 143)
  })
  test('reports a program that does not exist as a result', async () => {
    assert.equal((await bench.run('imago-no-such-program')).exitCode, 127)
    const { exitCode } = await bench.run(['imago-no-such-program', 'x'])
    assert.ok(exitCode === 126 || exitCode === 127, `exit code ${exitCode}`)
  })
  test('gives the arguments of a list to the program as they are', async () => {
    const words = ['a b', "it's", '"', '$HOME', '`id`', '*', '\\', '', '-n', 'x\ny', 'ü☃', ';', '#', '~']
    const { stdout } = await bench.run(['printf', '[%s]', ...words])
    assert.equal(stdout.toString(), words.map((word) => `[${word}]`).join(''))
  })
  test('runs a string as a shell script of several lines', async () => {
    const { exitCode, stdout } = await bench.run(
      'set -e\nfor i in 1 2; do\n  echo "$i" # comment\ndone\ncat <<END\n$((1 + 1))\nEND\nfalse\necho no',
    )
    assert.deepEqual([exitCode, stdout.toString()], [1, '1\n2\n2\n'])
  })
  test('runs a script of 1 MB', async () => {
    const { exitCode, stdout } = await bench.run(`${': # a line of a script\n'.repeat(50_000)}printf %s '${'x'.repeat(200_000)}'; exit 3`)
    assert.deepEqual([exitCode, stdout.length], [3, 200_000])
  })
  test('runs a script whose last line has no line end, or is a comment', async () => {
    assert.equal((await bench.run('exit 3 # comment')).exitCode, 3)
    assert.equal((await bench.run('true\n# the end')).exitCode, 0)
    assert.equal((await bench.run('')).exitCode, 0)
  })
}

function testOutput(test: TestRunner['test'], bench: Bench): void {
  test('keeps standard output and error apart', async () => {
    const { stdout, stderr } = await bench.run('echo out; echo err >&2; printf end')
    assert.deepEqual([stdout.toString(), stderr.toString()], ['out\nend', 'err\n'])
  })
  test('hands over output as it comes', async () => {
    const machine = await bench.machine()
    const first = latch()
    const release = bench.remote('release')
    const wait = 'mkdir -p "$(dirname "$F")"; echo first; while [ ! -e "$F" ]; do sleep 0.1; done'
    const running = machine.exec(wait, { env: { F: release }, onOutput: first.open })
    await within(5000, 'the first line of output', first.opened)
    const other = await bench.open()
    await other.exec('touch "$F"', { env: { F: release } })
    await other[Symbol.asyncDispose]()
    assert.equal((await running).exitCode, 0)
  })
  test('hands over bytes that are not UTF-8', async () => {
    const { stdout } = await bench.run(`printf '\\377\\376\\000\\200\\n'; printf '\\303'`)
    assert.deepEqual([...stdout], [255, 254, 0, 128, 10, 195])
  })
  test('hands over a line of more than 64 KB, and no line end that is not there', async () => {
    const { stdout } = await bench.run(`head -c 200000 /dev/zero | tr '\\0' y`)
    assert.equal(stdout.length, 200_000)
    assert.ok(stdout.every((byte) => byte === 121))
  })
  test('hands over 10 MB on both streams', async () => {
    const { stdout, stderr } = await bench.run('head -c 10485760 /dev/zero; head -c 10485760 /dev/zero >&2')
    assert.deepEqual([stdout.length, stderr.length], [10_485_760, 10_485_760])
  })
}

function testSession(test: TestRunner['test'], bench: Bench): void {
  test('keeps nothing of one command for the next', async () => {
    const umask = (await bench.run('umask')).stdout.toString()
    await bench.run('cd /; X=1; export X; set -e; umask 027; trap "echo trapped" EXIT; f() { :; }; exec 5>/dev/null')
    const { stdout } = await bench.run('echo "${X-unset}"; false; umask; pwd', { cwd: '/tmp' })
    assert.equal(stdout.toString(), `unset\n${umask}/tmp\n`)
  })
  for (const [what, script] of [
    ['a syntax error', 'if; then ('],
    ['an open quote', `echo "`],
    ['an open here-document', 'cat <<END'],
    ['an exit in the middle', 'exit 9\necho no'],
    ['a closed output', 'exec >&- 2>&-'],
    ['an exec of another program', 'exec true'],
  ] as const) {
    test(`goes on after ${what}`, async () => {
      await within(5000, what, bench.run(script))
      assert.equal((await bench.run('echo on')).stdout.toString(), 'on\n')
    })
  }
  test('reports a syntax error as a result', async () => {
    const { exitCode, stderr } = await bench.run('if; then (')
    assert.notEqual(exitCode, 0)
    assert.notEqual(stderr.length, 0)
  })
  test('takes several commands at a time', async () => {
    const results = await Promise.all([1, 2, 3, 4].map((n) => bench.run(`sleep 0.1; echo ${n}; exit ${n}`)))
    assert.deepEqual(
      results.map(({ exitCode, stdout }) => [exitCode, stdout.toString()]),
      [1, 2, 3, 4].map((n) => [n, `${n}\n`]),
    )
  })
}
