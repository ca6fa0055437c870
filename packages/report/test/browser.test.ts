import { readFile } from 'node:fs/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { htmlReport, recordRun } from '../src/index.ts'
import { nastyEvents } from './any-text.ts'
import type { Browser } from './chromium.ts'
import { openBrowser } from './chromium.ts'
import { sampleEvents, samplePlans } from './sample-run.ts'

const missing = reasonToSkip({ chromium: 'chromium --version' })

const pages: Readonly<Record<string, string>> = {
  sample: htmlReport(recordRun(sampleEvents, samplePlans)),
  nasty: htmlReport(recordRun(nastyEvents, [])),
}
/** A page that is too wide, and that folds; to see that such things are found. */
const control = '<details><summary>x</summary><p class="inside">y</p></details><p id="wide" style="width: 2000px">z</p>'

/** What the script of {@link lookingGlass} finds out about a page in a frame of some width. */
interface Look {
  readonly name: string
  readonly width: number
  readonly scrollWidth: number
  /** Elements that reach out of the frame, outside of what scrolls by itself. */
  readonly wide: readonly string[]
  readonly scripts: number
  readonly folds: number
  /** Whether a fold was open, after its summary was clicked once and twice, and whether what is in it could be seen then. */
  readonly fold: readonly boolean[]
  readonly text: string
}

const script = `
const looks = []
for (const [name, html] of Object.entries(pages)) for (const width of [320, 375, 1200]) {
  const frame = document.createElement('iframe')
  frame.style.cssText = 'border: 0; height: 800px; width: ' + width + 'px'
  await new Promise((resolve) => { frame.onload = resolve; frame.srcdoc = html; document.body.append(frame) })
  const page = frame.contentDocument
  for (const fold of page.querySelectorAll('details')) fold.open = true
  const wide = [...page.querySelectorAll('body *')].filter((element) => !element.closest('pre') && element.getBoundingClientRect().right > width + 0.5)
  const fold = page.querySelector('details')
  fold.open = false
  const inside = fold.querySelector('.inside')
  const states = [fold.open, inside.checkVisibility()]
  fold.querySelector('summary').click()
  states.push(fold.open, inside.checkVisibility())
  fold.querySelector('summary').click()
  states.push(fold.open, inside.checkVisibility())
  looks.push({
    name, width, scrollWidth: page.documentElement.scrollWidth, wide: wide.map((element) => element.outerHTML.slice(0, 200)),
    scripts: page.scripts.length, folds: page.querySelectorAll('details').length, fold: states, text: page.body.textContent,
  })
  frame.remove()
}
document.body.dataset.looks = JSON.stringify(looks)
`

/** A page with a script that looks at the pages, which have none. */
function lookingGlass(): string {
  const data = JSON.stringify({ ...pages, control }).replaceAll('<', String.raw`\u003c`)
  return `<!DOCTYPE html><meta charset="utf-8"><body><script type="module">const pages = ${data}\n${script}</script></body>`
}

/** The value of an attribute in the document that a browser wrote. */
function attributeOf(dom: string, name: string): string {
  const entities: Readonly<Record<string, string>> = { '&quot;': '"', '&lt;': '<', '&gt;': '>', '&nbsp;': '\u00A0', '&amp;': '&' }
  const value = new RegExp(`${name}="([^"]*)"`).exec(dom)?.[1] ?? ''
  return value.replaceAll(/&(?:quot|lt|gt|nbsp|amp);/g, (entity) => entities[entity] ?? entity)
}

describe.skipIf(missing !== '')(`in a browser${missing}`, () => {
  let browser: Browser
  let looks: readonly Look[] = []
  let controls: readonly Look[] = []
  beforeAll(async () => {
    browser = await openBrowser()
    const { dom } = await browser.visit(await browser.write('looking-glass.html', lookingGlass()))
    const all: readonly Look[] = JSON.parse(attributeOf(dom, 'data-looks'))
    looks = all.filter(({ name }) => name !== 'control')
    controls = all.filter(({ name }) => name === 'control')
  }, 120_000)
  afterAll(() => browser[Symbol.asyncDispose]())

  test('the pages are looked at', () => {
    expect(looks.map(({ name, width }) => `${name} ${width}`)).toEqual(
      ['sample', 'nasty'].flatMap((name) => [320, 375, 1200].map((width) => `${name} ${width}`)),
    )
  })

  test('nothing reaches out of the window, on a phone or on a desk', () => {
    expect(looks.flatMap(({ name, width, wide }) => wide.map((element) => `${name} ${width}: ${element}`))).toEqual([])
    expect(looks.filter(({ width, scrollWidth }) => scrollWidth > width)).toEqual([])
    expect(controls.map(({ wide, width, scrollWidth }) => [wide.length, scrollWidth > width])).toEqual([
      [1, true],
      [1, true],
      [1, true],
    ])
  })

  test('steps unfold and fold without a script', () => {
    for (const { scripts, folds, fold } of looks) {
      expect([scripts, fold]).toEqual([0, [false, false, true, true, false, false]])
      expect(folds).toBeGreaterThan(3)
    }
  })

  test('what builds say is text', () => {
    const text = looks.find(({ name }) => name === 'nasty')?.text
    expect(text).toContain('</script><script>alert(1)</script> </style> ]]> <!-- --> " onmouseover="x')
    expect(text).toContain('&amp;&#x3c;')
  })

  test.each(Object.keys(pages))('the console stays empty: %s', async (name) => {
    const { console, dom } = await browser.visit(await browser.write(`${name}.html`, pages[name] ?? ''))
    expect(console).toEqual([])
    expect(dom).toContain('<footer>')
  })

  test('an error would be in the console', async () => {
    const { console } = await browser.visit(await browser.write('error.html', '<script>nowhere()</script>'))
    expect(console.join()).toContain('nowhere is not defined')
  })

  test('it can be printed', async () => {
    const pdf = await readFile(await browser.print(await browser.write('print.html', pages['sample'] ?? '')), 'latin1')
    expect(pdf.slice(0, 5)).toBe('%PDF-')
    expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThanOrEqual(2)
  })
})
