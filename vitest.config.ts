import { defineConfig } from 'vitest/config'

/** These look at all guests that there are on the machine. No others may come and go meanwhile. */
const alone = ['packages/builder-{qemu,virtualbox}/test/**/*.test.ts']

export default defineConfig({
  resolve: { conditions: ['@imago/source'] },
  ssr: { resolve: { conditions: ['@imago/source', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], exclude: ['**/*.test.ts', '**/*.test-d.ts'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
})
