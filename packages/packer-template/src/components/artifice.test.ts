import { expect, test } from 'vitest'

import { load } from '../../test/load.ts'

const builders = [{ type: 'file', name: 'one', content: 'moo', target: 'one.txt' }]
const optionsOf = async (postProcessor: object): Promise<object | undefined> => {
  const { image } = await load({ variables: { folder: 'out' }, builders, 'post-processors': [{ type: 'artifice', ...postProcessor }] })
  return image.postProcessors[0]?.map(({ type, options, keepInputArtifact }) => ({ type, options, keepInputArtifact }))[0]
}

test.for<[given: object, expected: object]>([
  [{ files: ['{{user `folder`}}/*.deb', '{{build_name}}.txt'] }, { options: { files: ['out/*.deb', 'one.txt'] } }],
  [
    { files: 'a,b', keep_input_artifact: false },
    { options: { files: ['a', 'b'] }, keepInputArtifact: false },
  ],
])('%j', async ([given, expected]) => {
  expect(await optionsOf(given)).toMatchObject({ type: 'artifice', ...expected })
})

test('without files there is no artifact', async () => {
  await expect(optionsOf({ files: [] })).rejects.toThrow('artifice needs files')
})
