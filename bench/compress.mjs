// Compresses one file with the post-processor: node bench/compress.mjs INPUT OUTPUT
import { statSync } from 'node:fs'

import { compress } from '@imago/post-processor-compress'
import { postProcessContext } from '@imago/testing'

const [input = '', output = ''] = process.argv.slice(2)
const artifact = { type: 'files', id: input, files: [{ path: input, size: statSync(input).size }] }
await compress({ output }).process(artifact, postProcessContext())
console.log(JSON.stringify({ maxRSS: process.resourceUsage().maxRSS }))
