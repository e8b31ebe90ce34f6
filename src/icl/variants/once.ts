/**
 * Work that several routers share.
 * @module
 */

/** What is made of a key, once for all who ask; made again after a failure, which the caller hears of. */
export function once<K extends object, V>(
  known: WeakMap<K, Promise<V>>,
  key: K,
  make: () => Promise<V>,
): Promise<V> {
  const before = known.get(key);
  if (before) return before;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
