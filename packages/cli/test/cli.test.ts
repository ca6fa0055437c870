import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { beforeAll, describe, expect, test } from 'vitest'

import type { Running } from './command.ts'
import { bin, bundle, imago, loadedModules, project, run, start } from './command.ts'
import { definition } from './definitions.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { skipWithout } from '../../../test/requirement.ts'

beforeAll(bundle, 120_000)

const waits = definition(`ctx.output('stdout', Buffer.from('waiting\\n'))\nawait sleep(60_000, undefined, { signal: ctx.signal })`)
const isDeaf = definition(`ctx.output('stdout', Buffer.from('waiting\\n'))\nawait sleep(60_000)`)

describe('what is loaded', () => {
  test('--version loads nothing but itself', async () => {
    const folder = await project({})
    expect(await loadedModules(['--version'], folder)).toEqual(['packages/cli/bin/imago.js'])
    expect(await run(['--version'], folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  })

  test('plan loads the library and what reads TypeScript', async () => {
    const folder = await project({ 'image.ts': definition('') })
    const loaded = await loadedModules(['plan'], folder)
    const packages = new Set(loaded.flatMap((path) => /^(?:packages|node_modules)\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))
    expect([...packages].toSorted()).toEqual(expect.arrayContaining(['cli', 'core']))
    expect([...packages].filter((name) => !['cli', 'core', 'jiti', 'p-limit', 'report', 'valibot', 'yocto-queue'].includes(name))).toEqual(
      [],
    )
    expect(loaded.filter((path) => path.includes('live-reporter') || path === 'packages/report/dist/index.js')).toEqual([])
  })
})

describe('a checkout that is not built yet', () => {
  test('says so, but knows its version', async () => {
    const folder = await temporaryFolder({
      'package.json': '{"type":"module","version":"9.8.7"}',
      'bin/imago.js': await readFile(bin, 'utf8'),
    })
    const imagoThere = async (argument: string): Promise<unknown[]> => {
      const running = start(process.execPath, [join(folder, 'bin/imago.js'), argument], folder)
      return [(await running.exited).code, running.stdout(), running.stderr()]
    }
    expect(await imagoThere('--version')).toEqual([0, '9.8.7\n', ''])
    expect(await imagoThere('build')).toEqual([1, '', 'imago: this checkout is not built yet\n  hint: run npm run build in it\n'])
  })
})

describe('imago build', () => {
  test('builds, with the core that the image file uses', async () => {
    const folder = await project({
      'image.ts': definition(
        `ctx.output('stdout', Buffer.from('token ' + 'correct-horse' + '\\n'))\nctx.emit({ type: 'message', level: 'info', text: String(secret('correct-horse')) })`,
      )
        .replace('builders:', `description: 'x', builders:`)
        .replace('options: {}, provision }', `options: { token: secret('correct-horse') }, provision }`),
    })
    const { code, stdout, stderr } = await run(['build'], folder)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('one: token <secret>\n')
    expect(stdout).not.toContain('correct-horse')
    expect(stdout).toContain('    fake  made-one\n')
  })

  test('writes a page, JUnit XML, and what a job of GitHub Actions shows', async () => {
    const folder = await project({ 'image.ts': definition(`throw new ImagoError('TIMEOUT', 'the machine is late')`) })
    const variables = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'summary.md') }
    const { code, stderr } = await run(['build', '--report', 'out/run.html', '--junit', 'out/junit.xml'], folder, variables)
    expect(code).toBe(1)
    expect(stderr.split('\n').at(-2)).toBe('::error title=one%3A step::the machine is late')
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toContain('## ✗ 1 of 1 build failed in ')
    expect(await readFile(join(folder, 'out/run.html'), 'utf8')).toContain('<p class="text">the machine is late</p>')
    expect(await readFile(join(folder, 'out/junit.xml'), 'utf8')).toContain('type="TIMEOUT">failed: the machine is late</failure>')
    expect(await readdir(join(folder, 'out'))).toEqual(['junit.xml', 'run.html'])
  })

  test('writes JSON lines', async () => {
    const folder = await project({ 'image.ts': definition('') })
    const { code, stdout, stderr } = await run(['build', '--json'], folder)
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): { type: string } => JSON.parse(line))
    expect([code, stderr, events[0]?.type, events.at(-1)?.type]).toEqual([0, '', 'run-started', 'run-finished'])
  })

  test('fails with the error of the image file', async () => {
    const folder = await project({ 'image.ts': definition(`throw new ImagoError('TIMEOUT', 'the machine is late', { hint: 'wake it' })`) })
    const { code, stderr } = await run(['build'], folder)
    expect([code, stderr]).toEqual([1, '\none: step: the machine is late\n  hint: wake it\n'])
  })

  test('tells all of five mistakes in a definition, and starts nothing', async () => {
    const source = definition('')
      .replace("name: 'hello'", "name: 'Not A Name'")
      .replace(
        /provisioners: \[/,
        `postProcessors: [{ kind: 'post-processor', type: 'pack', options: {}, takes: 'files', makes: 'same', input: 'kept', process: async (input: any) => input }],
provisioners: [{ ...step(async () => undefined), only: ['two'] }, { ...step(async () => undefined), timeout: 'soon', retry: -1 }, `,
      )
    const folder = await project({ 'image.ts': source })
    for (const command of ['build', 'validate']) {
      const { code, stdout, stderr } = await run([command], folder)
      expect([command, code, stdout]).toEqual([command, 2, ''])
      expect(stderr).toContain('5 problems')
      for (const where of ['name:', 'provisioners[0].only[0]:', 'provisioners[1].timeout:', 'provisioners[1].retry:', 'postProcessors[0]:'])
        expect(stderr).toContain(where)
    }
    expect(await readdir(folder)).not.toContain('log.txt')
  })

  test('cleans up when something throws that nobody waits for', async () => {
    const body = `setTimeout(() => { throw new Error('a stray error') })\nawait sleep(60_000, undefined, { signal: ctx.signal })`
    const folder = await project({ 'image.ts': definition(body) })
    const { code, stderr } = await run(['build'], folder)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^a stray error, and nobody was waiting for it; cancelling\nError: a stray error\n {4}at /)
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toBe('removed one\n')
  })

  test('takes a parameter from the environment before its default', async () => {
    const parameters = `{ '~standard': { version: 1, vendor: 'test', validate: (value: any) => ({ value: { version: '1', ...value } }) } }`
    const source = definition('')
      .replace(
        'export default defineImage({',
        `import { parameterized } from '@imago/core'\nexport default parameterized(${parameters} as any, (p: any) => defineImage({ description: 'v' + p.version,`,
      )
      .replace(/\}\)\n$/, '}))\n')
    const folder = await project({ 'image.ts': source })
    expect(await run(['plan'], folder, { IMAGO_VAR_version: '2' })).toMatchObject({ code: 0, stdout: expect.stringContaining('hello  v2') })
    expect(await run(['plan', '--var', 'version=3'], folder, { IMAGO_VAR_version: '2' })).toMatchObject({
      stdout: expect.stringContaining('hello  v3'),
    })
  })
})

describe('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s cancels the build, and machines are removed', async (signal, code) => {
    const folder = await project({ 'image.ts': waits })
    const running = imago(['build'], folder)
    await running.until('one: waiting')
    running.child.kill(signal)
    expect(await running.exited).toEqual({ code, signal: null })
    expect(running.stderr()).toContain('cancelling')
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toBe('removed one\n')
  })

  test('a second one exits at once', async () => {
    const folder = await project({ 'image.ts': isDeaf })
    const running = imago(['build'], folder)
    await running.until('one: waiting')
    running.child.kill('SIGINT')
    await running.until('press Ctrl-C again')
    running.child.kill('SIGTERM')
    expect(await running.exited).toEqual({ code: 143, signal: null })
    expect(running.stderr()).toContain("'imago sweep' removes what is left")
  })
})

describe('output', () => {
  test('may be cut short by its reader', async () => {
    const folder = await project({
      'image.ts': definition(`for (let i = 0; i < 50_000; i++) ctx.output('stdout', Buffer.from('line ' + i + '\\n'))`),
    })
    const running = start('bash', ['-c', `set -o pipefail; ${process.execPath} ${bin} build | head -1`], folder)
    expect(await running.exited).toEqual({ code: 0, signal: null })
    expect(running.stderr()).toBe('')
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toBe('removed one\n')
  })

  test('that cannot be written is an error', async () => {
    const folder = await project({ 'image.ts': definition('') })
    const running = start('bash', ['-c', `${process.execPath} ${bin} plan > /dev/full`], folder)
    expect(await running.exited).toEqual({ code: 1, signal: null })
    expect(running.stderr()).toContain('imago: cannot write to stdout: no space left on the disk')
  })

  test.each([[['--plain']], [['--json']], [['--plain', '--report', 'run.html', '--junit', 'junit.xml']]])(
    'of 100 MB takes no memory with %j',
    async (flags) => {
      const folder = await project({
        'image.ts': definition(`const chunk = Buffer.from(('x'.repeat(99) + '\\n').repeat(650))
for (let i = 0; i < 1540; i++) {
  ctx.output('stdout', chunk)
  if (i % 16 === 0) await sleep(0)
}
appendFileSync('rss.txt', String(process.resourceUsage().maxRSS))`),
      })
      const running = start('bash', ['-c', `${process.execPath} ${bin} build ${flags.join(' ')} | wc -c`], folder)
      expect(await running.exited).toEqual({ code: 0, signal: null })
      expect(Number(running.stdout())).toBeGreaterThan(100e6)
      expect(Number(await readFile(join(folder, 'rss.txt'), 'utf8'))).toBeLessThan(200_000)
    },
  )
})

describe('image files that Node runs itself', () => {
  test.each([
    [{ 'image.mjs': 'const a =\nexport default {{' }, "image.mjs:2: syntax error: Unexpected token 'export'"],
    [
      { 'image.mjs': 'export default undefined.x' },
      "image.mjs:1: TypeError: Cannot read properties of undefined (reading 'x')\n    at image.mjs:1:26\n",
    ],
    [
      { 'image.mjs': `\nimport 'left-cow/x.js'` },
      "image.mjs:2: the package 'left-cow' is not installed\n  hint: npm install --save-dev left-cow\n",
    ],
    [
      { 'image.mjs': `import './othr.js'` },
      "image.mjs:1: there is no 'othr.js' to import\n  hint: check the path and the file extension\n",
    ],
  ])('%j', async (files, message) => {
    const { code, stdout, stderr } = await run(['plan'], await project(files))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.slice(0, `imago: ${message}`.length)).toBe(`imago: ${message}`)
    expect(stderr).not.toMatch(/node:internal|packages\/cli/)
  })
})

/** util-linux's `script` runs a program on a terminal of its own. */
const terminal = 'script'
const missing = skipWithout('script', spawnSync(terminal, ['--version']).status === 0 ? undefined : 'there is no program script')

/** Runs `imago` on a terminal; what is written to its stdin is typed. */
function onTerminal(args: readonly string[], cwd: string): Running {
  return start(terminal, ['-qec', `stty cols 60 rows 12; ${process.execPath} ${bin} ${args.join(' ')}`, '/dev/null'], cwd, {
    TERM: 'xterm',
  })
}

const showCursor = '\u001B[?25h'
const hideCursor = '\u001B[?25l'

describe.skipIf(missing !== '')(`on a terminal${missing}`, () => {
  test('shows a live display, and leaves the terminal as it was on Ctrl-C', async () => {
    const folder = await project({ 'image.ts': definition(`await sleep(60_000, undefined, { signal: ctx.signal })`) })
    const running = onTerminal(['build'], folder)
    await running.until('1/1')
    running.child.stdin?.write('\u0003')
    expect(await running.exited).toEqual({ code: 130, signal: null })
    expect(running.stdout()).toContain('cancelling; press Ctrl-C again to exit at once')
    expect(running.stdout().lastIndexOf(showCursor)).toBeGreaterThan(running.stdout().lastIndexOf(hideCursor))
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toBe('removed one\n')
  })

  test('asks what to do with a failed step, and does it', async () => {
    const folder = await project({
      'image.ts': definition(`appendFileSync('log.txt', 'tried\\n')\nthrow new ImagoError('TIMEOUT', 'too late')`),
    })
    const running = onTerminal(['build', '--on-error', 'ask', '--no-color'], folder)
    await running.until('hello.one: too late (step)')
    running.child.stdin?.write('r')
    await running.until('✗ step', 2)
    running.child.stdin?.write('c')
    expect(await running.exited).toEqual({ code: 1, signal: null })
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toBe('tried\ntried\nremoved one\n')
  })
})

describe('imago init', () => {
  test('writes a project that type-checks, passes its test, and builds', { timeout: 120_000 }, async () => {
    const folder = await project({})
    await rm(join(folder, 'package.json'))
    expect(await run(['init'], folder)).toMatchObject({ code: 0, stderr: '' })
    const program = async (path: string, ...args: readonly string[]): Promise<string> => {
      const running = start(process.execPath, [join(folder, 'node_modules', path), ...args], folder)
      const { code } = await running.exited
      return `${code}\n${running.stdout()}${running.stderr()}`
    }
    expect(await program('typescript/bin/tsc')).toBe('0\n')
    expect(await program('vitest/vitest.mjs', 'run')).toMatch(/^0\n/)
    expect(await run(['validate'], folder)).toMatchObject({ code: 0 })
    expect(await run(['build'], folder)).toMatchObject({ code: 0, stderr: '' })
    const [sums, name] = (await readFile(join(folder, 'out/SHA256SUMS'), 'utf8')).trim().split(/ [ *]/)
    expect(sums).toMatch(/^[0-9a-f]{64}$/)
    expect(await readdir(join(folder, 'out'))).toEqual(expect.arrayContaining([basename(name ?? '')]))
  })
})
