/** newKey names a request that creates something: sent again with the same key, it is done once. */
export function newKey(): string {
  let out = Date.now().toString(36);
  while (out.length < 32) out += Math.floor(Math.random() * 36 ** 6).toString(36);
  return out.slice(0, 32);
}
