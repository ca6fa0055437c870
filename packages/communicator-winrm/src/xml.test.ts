import fc from 'fast-check'
import { expect, test } from 'vitest'

import { escapeXml, findElement, parseXml } from './xml.ts'

test('reads elements, prefixes, attributes, entities, comments and CDATA', () => {
  const text = `\u{FEFF}<?xml version="1.0"?><!-- a <b> --><s:a xmlns:s="urn:s" x='1 &lt; 2'>one<b xmlns="urn:b"><c/>&#x41;&#66;</b><![CDATA[ <&> ]]></s:a>\n`
  const root = parseXml(text)
  expect(root).toMatchObject({ name: 'a', namespace: 'urn:s', text: 'one <&> ', attributes: { x: '1 < 2' } })
  expect(findElement(root, 'b')).toMatchObject({ namespace: 'urn:b', text: 'AB' })
  expect(findElement(root, 'c')).toMatchObject({ namespace: 'urn:b', text: '', children: [] })
  expect(findElement(root, 'd')).toBeUndefined()
})

test('what is written is read back, whatever XML can hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const held = text.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
      const root = parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)
      expect(root.text).toBe(held)
      expect(root.attributes['b']).toBe(held)
    }),
  )
})

test.for([
  '',
  'text',
  '<a>',
  '<a></b>',
  '<a><b></a></b>',
  '<a/><b/>',
  '<p:a/>',
  '<a b=1/>',
  '<a>&nbsp;</a>',
  '<a>& b</a>',
  '<a>&#x110000;</a>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<a>'.repeat(200),
])('refuses %j', (text) => {
  expect(() => parseXml(text)).toThrow(/no XML|stack|character/)
})

test('whatever it gets, it reads it or says what is wrong', () => {
  const outcome = (text: string): unknown => {
    try {
      return parseXml(text).name
    } catch (error) {
      return error instanceof Error ? error.message : undefined
    }
  }
  const unit = fc.constantFrom('<', '>', '/', 'a', '"', '=', ' ', '&', ';', '!', '-', '[', ']', '?')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(outcome(text)).toBeTypeOf('string')
    }),
  )
})
