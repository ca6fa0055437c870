import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { describe, expect, test } from 'vitest'

import { connect, outcome, standIn } from './machines.ts'

describe.for(['basic', 'ntlm'] as const)('commands, with a login of the kind %s', (auth) => {
  test('say what they say, byte for byte, and how they end', async () => {
    const noise = randomBytes(300_000)
    const stand = await standIn()
    stand.on(/^noise$/, (job) => {
      job.write('stdout', noise)
      job.write('stderr', 'Käse\r\n')
      return 3_221_225_477
    })
    const machine = await connect(stand, { auth })
    expect(machine.platform).toBe('windows')
    expect(await outcome(machine, 'echo hello & exit /b 5')).toEqual({ exitCode: 5, stdout: 'hello\r\n', stderr: '' })
    const said: Uint8Array[] = []
    const { exitCode } = await machine.exec('noise', { onOutput: (stream, chunk) => stream === 'stdout' && said.push(chunk) })
    expect(exitCode).toBe(3_221_225_477)
    expect(Buffer.concat(said).equals(noise)).toBe(true)
    expect((await outcome(machine, 'noise')).stderr).toBe('Käse\r\n')
    expect((await outcome(machine, 'nothing')).exitCode).toBe(1)
  })

  test('read their input to its end, however long it is', async () => {
    const stand = await standIn()
    const length = (pieces: number): Readable => Readable.from(Array.from({ length: pieces }, () => Buffer.alloc(100_000, 'x')))
    stand.on(/^count$/, async (job) => {
      job.write('stdout', String((await buffer(job.stdin)).length))
      return 0
    })
    const machine = await connect(stand, { auth })
    expect((await outcome(machine, 'more', { stdin: 'moo\n' })).stdout).toBe('moo\n')
    expect((await outcome(machine, 'count')).stdout).toBe('0')
    expect((await outcome(machine, 'count', { stdin: length(20) })).stdout).toBe('2000000')
  })

  test('that do not read their input end as they do', async () => {
    const stand = await standIn()
    stand.on(/^deaf$/, () => 3)
    const machine = await connect(stand, { auth })
    expect((await outcome(machine, 'deaf', { stdin: Buffer.alloc(3_000_000) })).exitCode).toBe(3)
  })
})

test('the environment and the directory are those of the shell, and in no command line', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const env = { TOKEN: 'a & "b" <c> %d% ü\n' }
  stand.on(/^tell$/, (job) => {
    job.write('stdout', job.env.get('TOKEN') ?? '')
    return 0
  })
  expect((await outcome(machine, 'tell', { env })).stdout).toBe(env.TOKEN)
  expect((await outcome(machine, 'cd', { cwd: 'C:\\Windows' })).stdout).toBe('C:\\Windows\r\n')
  expect((await outcome(machine, 'echo %TOKEN%', { env: { TOKEN: 'moo' } })).stdout).toBe('moo\r\n')
  expect(stand.lines.join()).not.toContain('ü')
})

test('an array is a program with exactly these arguments', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const seen: string[] = []
  stand.on(/^tool/, ({ line }) => {
    seen.push(line)
    return 0
  })
  await machine.exec(['tool.exe', 'a b', '100%', 'say "hi" & go', 'C:\\dir with space\\'])
  expect(seen).toEqual(['tool.exe ^"a b^" 100^% ^"say \\^"hi\\^" ^& go^" ^"C:\\dir with space\\\\^"'])
})

test('several at once have shells of their own, and later ones take those', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  let running = 0
  let meet: () => void = () => undefined
  const haveMet = new Promise<void>((resolve) => (meet = resolve))
  stand.on(/^meet$/, async (job) => {
    if (++running === 3) meet()
    await haveMet
    job.write('stdout', 'met')
    return 0
  })
  const met = await Promise.all([1, 2, 3].map(() => outcome(machine, 'meet')))
  expect(met.map(({ stdout }) => stdout)).toEqual(['met', 'met', 'met'])
  for (let index = 0; index < 5; index++) await machine.exec('echo x')
  expect(stand.operations.get('Create')).toBe(3)
})

test('a shell that has run as many commands as it may is followed by another', async () => {
  const stand = await standIn({ operationsPerShell: 3 })
  const machine = await connect(stand)
  for (let index = 0; index < 10; index++) expect((await outcome(machine, `echo ${index}`)).stdout).toBe(`${index}\r\n`)
  expect(stand.operations.get('Create')).toBe(4)
  expect(stand.openShells).toBe(1)
})

test('shells that are kept make room where there may not be more', async () => {
  const stand = await standIn({ shells: 2 })
  const machine = await connect(stand)
  for (const name of ['A', 'B', 'C']) expect((await outcome(machine, `echo %${name}%`, { env: { [name]: 'x' } })).stdout).toBe('x\r\n')
})

test('no shell is left when it is closed, and nothing goes on', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await Promise.all([machine.exec('echo 1'), machine.exec('echo 2')])
  await machine[Symbol.asyncDispose]()
  expect(stand.openShells).toBe(0)
  await expect(machine.exec('echo 3')).rejects.toMatchObject({ code: 'DISCONNECTED' })
})

test('a command that is cancelled is ended in the machine, and others go on', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  let begun: () => void = () => undefined
  const isRunning = new Promise<void>((resolve) => (begun = resolve))
  let isEnded = false
  stand.on(/^hang$/, async (job) => {
    job.write('stdout', 'begun')
    begun()
    await once(job.signal, 'abort')
    isEnded = true
    return 1
  })
  const abort = new AbortController()
  const running = machine.exec('hang', { signal: abort.signal })
  await isRunning
  abort.abort()
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect.poll(() => isEnded).toBe(true)
  await expect(machine.exec('echo x', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  expect((await outcome(machine, 'echo x')).stdout).toBe('x\r\n')
  expect(stand.openShells).toBe(1)
})

test('a command line that cmd.exe would not take is refused', async () => {
  const machine = await connect(await standIn())
  await expect(machine.exec('two\nlines')).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: "cmd.exe takes one line, and the command 'two' has several",
  })
  await expect(machine.exec(`echo ${'x'.repeat(9000)}`)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('has 9005 characters, and cmd.exe takes 8191'),
  })
})

test('the time of a step ends a command, too', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  stand.on(/^hang$/, async (job) => {
    await once(job.signal, 'abort')
    return 1
  })
  await expect(machine.exec('hang', { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect.poll(() => stand.openShells).toBe(0)
})
