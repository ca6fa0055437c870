import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { loadTemplate } from '../src/index.ts'
import { packerVersion } from '../src/template/packer-version.ts'
import { printed, refused } from './language-oracle.ts'
import { folderWith, packer, withoutPacker } from './packer.ts'

/** What a build with these lines says, as the definition that is made of the template would run them. */
async function linesHere(lines: readonly string[], directory: string, now: Date): Promise<readonly string[]> {
  const { image } = await loadTemplate({ path: 'template.json', text: templateOf(lines) }, { directory, now })
  const options: { readonly inline?: unknown } = image.provisioners[0]?.options ?? {}
  return Array.isArray(options.inline) ? options.inline : []
}

const variables = { a: 'hello-world', b: 'true', e: '' }

function templateOf(lines: readonly string[]): string {
  return JSON.stringify({
    variables,
    builders: [{ type: 'null', communicator: 'none' }],
    provisioners: [{ type: 'shell-local', inline_shebang: '/bin/cat', inline: lines }],
  })
}

/** Packer runs each script with `cat`, and so prints what the lines have become. */
async function linesOfPacker(lines: readonly string[], folder: string): Promise<readonly string[]> {
  await writeFile(join(folder, 'template.json'), templateOf(lines))
  const { stdout, code } = await packer(['build', 'template.json'], folder)
  const said = [...stdout.matchAll(/^ {4}null: (.*)$/gm)].map(([, line]) => line ?? '')
  return code === 0 ? said.slice(1) : [`exit ${code}: ${stdout.slice(-400)}`]
}

const isPlain = (text: string): boolean => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.includes('{{')

test(`Packer prints what is printed here${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const folder = await folderWith({})
  // Fields are others there, and lines that are empty or of several lines cannot be told apart.
  const templates = printed
    .filter(([template, text]) => !/\{\{-?\s*(?:range|\.|with|if \.)|\.Map|\.List|\.9/.test(template) && isPlain(text))
    .map(([template]) => template)
  const started = new Date()
  const theirs = await linesOfPacker(templates, folder)
  expect(templates.length).toBeGreaterThan(30)
  expect(withoutFractions(theirs)).toEqual(withoutFractions(await sameAsTheirs(theirs, templates, folder, started)))
})

/** What is printed here at the second at which Packer printed it, as far as there is one. */
async function sameAsTheirs(
  theirs: readonly string[],
  templates: readonly string[],
  folder: string,
  started: Date,
): Promise<readonly string[]> {
  for (let time = started.getTime(); ; time += 1000) {
    const ours = await linesHere(templates, folder, new Date(time))
    if (time > Date.now() || JSON.stringify(withoutFractions(ours)) === JSON.stringify(withoutFractions(theirs))) return ours
  }
}

/** Layouts with parts of a second are of no moment that can be told beforehand. */
function withoutFractions(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replaceAll(/[.,]\d{1,9}/g, '.#'))
}

test(`Packer says the same of what is around a build${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const folder = await folderWith({})
  const lines = [
    '{{pwd}}',
    '{{template_dir}}',
    '{{build_name}} {{build_type}}',
    '{{upper build_name}}',
    '{{template_dir | replace_all "/" "_"}}',
  ]
  expect(await linesOfPacker(lines, folder)).toEqual(await linesHere(lines, folder, new Date()))
  // This is the newest version whose templates are read here, and that is one.
  expect(await linesHere(['{{packer_version}}'], folder, new Date())).toEqual([packerVersion])
  expect((await linesOfPacker(['{{packer_version}}'], folder))[0]).toMatch(/^\d+\.\d+\.\d+$/)
  const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} [0-9a-f-]{36}$/
  const [theirs = '', ours = ''] = [
    ...(await linesOfPacker(['{{uuid}} {{uuid}}'], folder)),
    ...(await linesHere(['{{uuid}} {{uuid}}'], folder, new Date())),
  ]
  expect([theirs, ours]).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)])
  expect(ours.split(' ')[0]).not.toBe(ours.split(' ')[1])
})

test(`Packer formats times as they are formatted here${withoutPacker}`, async ({ skip }) => {
  skip(withoutPacker !== '')
  const folder = await folderWith({})
  const parts = fc.constantFrom(
    '2006',
    '06',
    '01',
    '1',
    'Jan',
    'January',
    '02',
    '2',
    '_2',
    'Mon',
    'Monday',
    'MST',
    '-0700',
    'Z07:00',
    'T',
    '-',
    '/',
    '_',
    'x',
    '2019',
    '05',
    'PM',
    'pm',
    '3',
    '15',
    ' ',
    '002',
    '__2',
  )
  const layouts = fc.sample(
    fc.array(parts, { minLength: 1, maxLength: 8 }).map((list) => `<${list.join('')}>`),
    { numRuns: 150, seed: 7 },
  )
  const lines = layouts.filter((layout) => !/["\\]/.test(layout)).map((layout) => `{{isotime "${layout}"}}`)
  const started = new Date()
  const theirs = await linesOfPacker(lines, folder)
  expect(theirs).toEqual(await sameAsTheirs(theirs, lines, folder, started))
})

test.for(refused.filter((template) => !template.includes('.Missing')))(`Packer refuses %s${withoutPacker}`, async (template, { skip }) => {
  skip(withoutPacker !== '')
  const folder = await folderWith({ 'template.json': templateOf([template]) })
  const { code } = await packer(['build', 'template.json'], folder)
  expect(code).not.toBe(0)
})
