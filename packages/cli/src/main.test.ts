import { fileSystemError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { fakeHost } from '../test/fake-host.ts'
import { catalog } from './commands/catalog.ts'
import { main } from './main.ts'
import { readVersion } from './version.ts'

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const host = fakeHost()
  const code = await main(args, host)
  return { code, stdout: host.stdout.text, stderr: host.stderr.text }
}

describe('main', () => {
  test.each([['--version'], ['-V'], ['version']])('%s says the version', async (flag) => {
    expect(await run(flag)).toEqual({ code: 0, stdout: `${readVersion()}\n`, stderr: '' })
  })

  test.each([['--help'], ['-h'], ['help']])('%s names every command', async (flag) => {
    const { code, stdout } = await run(flag)
    expect(code).toBe(0)
    for (const { name, summary } of catalog) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replaceAll('.', '\\.')}$`, 'm'))
  })

  test('without a command it shows how it is used, and fails', async () => {
    const { code, stdout, stderr } = await run()
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: imago <command>')
  })

  test.each(catalog.map(({ name }) => name))('%s explains itself', async (name) => {
    const { code, stdout, stderr } = await run(name, '--help')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`Usage: imago ${name}`)
    expect(stdout).toContain('-h, --help')
    expect(stdout).toMatch(/Examples:\n  \$ imago /)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    for (const same of [
      [name, '-h'],
      ['help', name],
    ])
      expect(await run(...same)).toMatchObject({ code: 0, stdout, stderr: '' })
  })

  test.each([
    [['biuld'], "imago: there is no command 'biuld'\n  hint: did you mean 'build'?\n"],
    [
      ['frobnicate'],
      "imago: there is no command 'frobnicate'\n  hint: known: build, plan, shell, graph, validate, convert, inspect, sweep, ",
    ],
    [['web/image.ts'], "imago: there is no command 'web/image.ts'\n  hint: did you mean 'imago build web/image.ts'?\n"],
    [['--json', 'build'], "imago: there is no option '--json'\n  hint: options of a command follow its name: imago build --json\n"],
    [['build', '--parallel', '2'], "imago: there is no option '--parallel'\n  hint: known: --only, "],
    [['help', 'plna'], "imago: there is no command 'plna'\n  hint: did you mean 'plan'?\n"],
    [['sweep', 'x'], "imago: this command takes no 'x'\n  hint: see its --help\n"],
  ])('%j is refused', async (args, stderr) => {
    const result = await run(...args)
    expect([result.code, result.stdout]).toEqual([2, ''])
    expect(result.stderr).toContain(stderr)
  })

  test('fails when its output cannot be written', async () => {
    const failure = fileSystemError(Object.assign(new Error('full'), { code: 'ENOSPC' }), 'cannot write to stdout')
    const host = fakeHost()
    expect(await main(['--help'], { ...host, stdout: { ...host.stdout, flush: () => Promise.reject(failure) } })).toBe(1)
    expect(host.stderr.text).toContain('cannot write to stdout: no space left')
  })

  test('shows where an error of its own came from', async () => {
    const host = fakeHost({
      modules: {
        importPackage: () => {
          throw new TypeError('boom')
        },
      },
      core: {
        sweep: () => {
          throw new TypeError('bang')
        },
      },
    })
    expect(await main(['sweep'], host)).toBe(1)
    expect(host.stderr.text).toMatch(/warning: @imago\/builder-docker cannot be loaded: boom\n[^]*imago: bang\nTypeError: bang\n {4}at /)
  })
})
