/** Rows of one kind, by the options' names. */
export type Named<Names extends string, Row> = { readonly [Name in Names]: Row }
