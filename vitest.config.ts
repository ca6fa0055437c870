import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@imago/source'] },
  ssr: { resolve: { conditions: ['@imago/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2, // most of what takes long here waits for guests, containers and clouds
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], exclude: ['**/*.test.ts', '**/*.test-d.ts'] },
  },
})
