import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "RunRecorder",
      "githubAnnotations",
      "githubSummary",
      "htmlReport",
      "junitXml",
      "mermaidGraph",
      "provenanceStatement",
      "recordRun",
    ]
  `)
})

test('the public names of its texts', async () => {
  expect(Object.keys(await import('./text.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "artifactNames",
      "artifactSize",
      "formatSize",
      "headline",
      "outputLines",
      "singleLine",
      "stepTitle",
    ]
  `)
})
