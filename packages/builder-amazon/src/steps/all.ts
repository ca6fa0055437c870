/** All of them; when one fails, the others are waited for, so that what they have made is known and removed. */
export async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return await Promise.all(work)
}
