import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Placed } from '../applicable-steps.ts'
import type { Provisioner } from '../component.ts'
import { secret } from '../secret.ts'
import type { KeyContext } from './step-keys.ts'
import { stepKeys } from './step-keys.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-keys-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

const context = (more: Partial<KeyContext> = {}): KeyContext => ({
  facts: { image: 'cow', buildName: 'docker', builderType: 'docker' },
  artifact: () => 'id',
  salt: Buffer.from('salt'),
  directory: folder,
  signal: new AbortController().signal,
  ...more,
})

/** A step of a type that has some options; `inputs` are those that name local files. */
function placed(options: object, more: Partial<Provisioner> & { readonly files?: readonly string[] } = {}): Placed<Provisioner<string>> {
  const { files = [], ...rest } = more
  return {
    ref: { id: 'provisioners[0]', kind: 'provisioner', type: 'shell', title: 'shell' },
    step: {
      kind: 'provisioner',
      type: 'shell',
      options,
      cacheable: { revision: 1 },
      inputs: () => files.map((name) => ({ path: String((options as Record<string, unknown>)[name]), at: [name] })),
      provision: () => Promise.resolve(),
      ...rest,
    },
  }
}

async function keyOf(steps: readonly Placed<Provisioner<string>>[], base: object = {}, more: Partial<KeyContext> = {}): Promise<string> {
  const last = (await stepKeys(base, steps, context(more))).at(-1)
  if (last?.key === undefined) throw new Error(`no key: ${last?.always}`)
  return last.key
}

/** A value that an option can hold, described in JSON: two are the same when their descriptions are. */
type Description =
  | { readonly plain: string | number | boolean | null }
  | { readonly secret: string }
  | { readonly date: number }
  | { readonly bytes: readonly number[] }
  | { readonly list: readonly Description[] }
  | { readonly members: readonly (readonly [string, Description])[] }

/** Also those that stand for something in the material. No numbers, which objects put in order. */
const memberName = fc.constantFrom('$secret', '$date', '$$date', '$computed', 'a', 'b', '')

const { value: description } = fc.letrec<{ value: Description }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ plain: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)) }),
    fc.record({ secret: fc.string({ minLength: 4 }) }),
    fc.record({ date: fc.nat() }),
    fc.record({ bytes: fc.array(fc.nat(255), { maxLength: 3 }) }),
    fc.record({ list: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ members: fc.uniqueArray(fc.tuple(memberName, tie('value')), { maxLength: 3, selector: ([name]) => name }) }),
  ),
}))
function realize(described: Description): unknown {
  if ('plain' in described) return described.plain
  if ('secret' in described) return secret(described.secret)
  if ('date' in described) return new Date(described.date)
  if ('bytes' in described) return Uint8Array.from(described.bytes)
  if ('list' in described) return described.list.map(realize)
  return Object.fromEntries(described.members.map(([name, member]) => [name, realize(member)]))
}

describe('different', () => {
  test('options have different keys, and equal ones equal keys', async () => {
    await fc.assert(
      fc.asyncProperty(description, description, async (one, other) => {
        const key = async (described: Description): Promise<string> => await keyOf([placed({ value: realize(described) })])
        const first = await key(one)
        expect(await key(one)).toBe(first)
        expect((await key(other)) === first).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      { numRuns: 300 },
    )
  })

  test('texts, wherever they are cut, have different keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 2 }), fc.nat(), async (text, at) => {
        const cut = 1 + (at % (text.length - 1))
        const parts = [text.slice(0, cut), text.slice(cut)]
        expect(await keyOf([placed({ inline: parts })])).not.toBe(await keyOf([placed({ inline: [text] })]))
        const twoSteps = parts.map((part) => placed({ inline: [part] }))
        expect(await keyOf(twoSteps)).not.toBe(await keyOf([placed({ inline: parts })]))
      }),
      { numRuns: 100 },
    )
  })

  test('orders, revisions, types, bases, builds and salts have different keys', async () => {
    const [one, two] = [placed({ inline: ['1'] }), placed({ inline: ['2'] })]
    const keys = await Promise.all([
      keyOf([one, two]),
      keyOf([two, one]),
      keyOf([one]),
      keyOf([one, two], { image: 'sha256:1' }),
      keyOf([one, two], { image: 'sha256:2' }),
      keyOf([one, placed({ inline: ['2'] }, { cacheable: { revision: 2 } })]),
      keyOf([one, placed({ inline: ['2'] }, { type: 'other' })]),
      keyOf([one, placed({ inline: ['2'] }, { cache: { also: () => 'x' } })]),
      keyOf([one, two], {}, { salt: Buffer.from('pepper') }),
      keyOf([one, two], {}, { facts: { image: 'cow', buildName: 'other', builderType: 'docker' } }),
      keyOf([one, two], {}, { facts: { image: 'calf', buildName: 'docker', builderType: 'docker' } }),
    ])
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('files', () => {
  const fileName = fc.stringMatching(/^[a-z]{1,8}$/)
  const tree = fc.dictionary(
    fileName,
    fc.oneof(
      fc.record({ content: fc.string(), mode: fc.constantFrom(0o644, 0o755, 0o600) }),
      fc.record({ link: fc.constantFrom('there', 'elsewhere', '/etc') }),
      fc.record({ members: fc.dictionary(fileName, fc.string(), { maxKeys: 2, noNullPrototype: true }) }),
    ),
    { maxKeys: 4, noNullPrototype: true },
  )
  type Tree = typeof tree extends fc.Arbitrary<infer T> ? T : never
  let count = 0

  /** Writes a tree into a folder of its own, at some time, and answers with the key of a step that reads it. */
  async function keyOfTree(content: Tree, time = 1): Promise<string> {
    const place = join(folder, `place-${count++}`, 'site')
    await mkdir(place, { recursive: true })
    for (const [name, entry] of Object.entries(content)) {
      const path = join(place, name)
      if ('link' in entry) await symlink(entry.link, path)
      else if ('members' in entry) {
        await mkdir(path)
        for (const [member, text] of Object.entries(entry.members)) await writeFile(join(path, member), text)
      } else {
        await writeFile(path, entry.content)
        await chmod(path, entry.mode)
        await utimes(path, time, time)
      }
    }
    return await keyOf([placed({ source: place, destination: '/srv' }, { files: ['source'] })])
  }

  test('in other places, written at other times, have equal keys; different ones have not', async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, async (one, other) => {
        const first = await keyOfTree(one)
        expect(await keyOfTree(one, 1_000_000)).toBe(first)
        expect((await keyOfTree(other)) === first).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)))
      }),
      { numRuns: 60 },
    )
  })

  test('differ by a byte, a mode, a name, a link', async () => {
    const base: Tree = { a: { content: 'x', mode: 0o644 }, b: { link: 'there' }, c: { members: { d: 'y' } } }
    const others: Tree[] = [
      { ...base, a: { content: 'X', mode: 0o644 } },
      { ...base, a: { content: 'x', mode: 0o755 } },
      { ...base, b: { link: 'elsewhere' } },
      { ...base, c: { members: { e: 'y' } } },
      { ...base, c: { members: {} } },
      { ...base, b: { content: 'there', mode: 0o644 } },
    ]
    const keys = [await keyOfTree(base)]
    for (const other of others) keys.push(await keyOfTree(other))
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('that links lead to out of a directory count where the links are followed', async () => {
    for (const name of ['site', 'shared/deep']) await mkdir(join(folder, name), { recursive: true })
    await symlink('../shared', join(folder, 'site/out'))
    await symlink('..', join(folder, 'shared/round'))
    await symlink('nothing', join(folder, 'site/nowhere'))
    const keysNow = async (): Promise<readonly string[]> => {
      const inputs = (['links', 'followed'] as const).map((linksOut) => [{ path: 'site', at: ['source'], linksOut }])
      return await Promise.all(inputs.map(async (list) => await keyOf([placed({ source: 'site' }, { inputs: () => list })])))
    }
    const [links, followed] = await keysNow()
    await writeFile(join(folder, 'shared/deep/a'), 'a')
    const [linksAfter, followedAfter] = await keysNow()
    expect(linksAfter).toBe(links)
    expect(followedAfter).not.toBe(followed)
  })

  test('count by the last name of their path, and by the slash at its end', async () => {
    await mkdir(join(folder, 'one/site'), { recursive: true })
    await mkdir(join(folder, 'two/place'), { recursive: true })
    const key = async (source: string): Promise<string> => await keyOf([placed({ source }, { files: ['source'] })])
    const keys = await Promise.all([key('one/site'), key('one/site/'), key('two/place')])
    expect(new Set(keys).size).toBe(3)
  })

  test('that cannot be read make the step run', async () => {
    const [step] = await stepKeys({}, [placed({ script: 'nowhere.sh' }, { files: ['script'] })], context())
    expect(step?.always).toMatch(/nowhere\.sh' cannot be read/)
  })
})

describe('a step has no key', () => {
  class Cow {
    readonly says = 'moo'
  }
  const circular: { itself?: unknown } = {}
  circular.itself = circular
  test.each<[string, unknown, RegExp]>([
    ['that depends on a fact of the running build', ({ host }: { host?: string }) => `at ${host}`, /the fact host/],
    ['that looks at all facts', (facts: object) => JSON.stringify(facts), /fact/],
    ['whose option is a function of something else', ({ command }: { command: string }) => command.trim(), /cannot be computed|the fact/],
    ['whose option makes a promise', () => Promise.resolve('x'), /more than the facts/],
    ['whose option makes a function', () => () => 'x', /more than the facts/],
    ['that holds an object of a class', new Cow(), /class Cow/],
    ['that holds a map', new Map([['a', 1]]), /class Map/],
    ['that holds itself', circular, /itself/],
    ['that holds a symbol', Symbol('x'), /symbol/],
  ])('%s', async (_, value, why) => {
    const [step, next] = await stepKeys({}, [placed({ value }), placed({ inline: [] })], context())
    expect(step).toMatchObject({ always: expect.stringMatching(why) as unknown })
    expect(next).toMatchObject({ always: 'it follows a step that always runs' })
  })

  test('unless it reads only what is known beforehand', async () => {
    const [step] = await stepKeys(
      {},
      [placed({ value: ({ image, buildName }: { image: string; buildName: string }) => image + buildName })],
      context(),
    )
    expect(step?.key).toMatch(/^[0-9a-f]{40}$/)
  })
})

test('nothing in the material tells a secret', async () => {
  const [step] = await stepKeys({ env: { TOKEN: secret('moo-moo-moo') } }, [placed({ env: { TOKEN: secret('hay-hay-hay') } })], context())
  expect(JSON.stringify(step)).not.toMatch(/moo-moo|hay-hay/)
})

/** A value whose objects have their members in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]: [string, unknown]) => [name, sorted(member)]))
}
