/** The signs that reports use. */
export interface Symbols {
  readonly started: string
  readonly succeeded: string
  readonly cached: string
  readonly failed: string
  readonly cancelled: string
  readonly retried: string
  readonly waiting: string
  readonly spinner: readonly string[]
  readonly bar: { readonly full: string; readonly empty: string }
  readonly tree: { readonly branch: string; readonly last: string; readonly line: string; readonly gap: string }
  readonly arrow: string
  readonly ellipsis: string
}

/** For terminals that show Unicode. */
export const unicodeSymbols: Symbols = {
  started: '▸',
  succeeded: '✓',
  cached: '=',
  failed: '✗',
  cancelled: '■',
  retried: '↻',
  waiting: '·',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  bar: { full: '━', empty: '─' },
  tree: { branch: '├─ ', last: '└─ ', line: '│  ', gap: '   ' },
  arrow: '→',
  ellipsis: '…',
}

/** For the Linux console, whose font lacks most of those. */
export const asciiSymbols: Symbols = {
  started: '>',
  succeeded: '+',
  cached: '=',
  failed: 'x',
  cancelled: '#',
  retried: '~',
  waiting: '.',
  spinner: ['|', '/', '-', '\\'],
  bar: { full: '#', empty: '.' },
  tree: { branch: '|- ', last: '`- ', line: '|  ', gap: '   ' },
  arrow: '->',
  ellipsis: '...',
}
