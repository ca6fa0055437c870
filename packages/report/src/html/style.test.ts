import { describe, expect, test } from 'vitest'

import { style } from './style.ts'

type Colors = ReadonlyMap<string, string>

/** The colours that a rule for `:root` sets. */
function colorsAfter(marker: string): Colors {
  const rule = style.slice(style.indexOf(marker)).match(/:root \{([^}]*)\}/)?.[1] ?? ''
  return new Map([...rule.matchAll(/--([a-z-]+): (#[0-9a-f]+);/g)].map(([, name = '', color = '']) => [name, color]))
}

const themes: readonly (readonly [string, Colors])[] = [
  ['light', colorsAfter('\n:root')],
  ['dark', colorsAfter('@media (prefers-color-scheme: dark)')],
  ['paper', colorsAfter('@media print')],
]

/** The ratio of contrast of WCAG 2.2: from 1 to 21. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color: string): number {
  const hex = color.length === 4 ? color.replaceAll(/[0-9a-f]/g, '$&$&') : color
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

describe.each(themes)('the colours of the %s page', (_name, colors) => {
  const colorOf = (name: string): string => colors.get(name) ?? 'missing'

  test.each(['ink', 'quiet', 'link', 'good', 'bad', 'warning', 'provisioner'])('%s can be read as text', (name) => {
    expect(contrast(colorOf(name), colorOf('paper'))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(colorOf(name), colorOf('panel'))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(['builder', 'post-processor', 'error-cleanup', 'bar-bad', 'bar-warning', 'critical'])('%s can be seen as a bar', (name) => {
    expect(contrast(colorOf(name), colorOf('paper'))).toBeGreaterThanOrEqual(3)
  })

  test('are the same ones in every theme', () => {
    expect([...colors.keys()].toSorted()).toEqual([...(themes[0]?.[1].keys() ?? [])].toSorted())
  })
})

test('colours are named in one place', () => {
  const rules = style.replaceAll(/:root \{[^}]*\}/g, '')
  expect(rules.match(/#[0-9a-f]{3,6}\b/g)).toBeNull()
  const used = new Set([...rules.matchAll(/var\(--([a-z-]+)\)/g)].map(([, name]) => name))
  expect([...(themes[0]?.[1].keys() ?? [])].filter((name) => !used.has(name))).toEqual([])
})
