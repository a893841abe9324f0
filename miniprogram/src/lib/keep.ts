// What the phone remembers. Nothing here may fail a page: storage can be full or forbidden.

/** recall is what was kept under a name, or undefined. */
export function recall<T>(name: string): T | undefined {
  try {
    const text = uni.getStorageSync(`fenlin-${name}`);
    return text ? (JSON.parse(text) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** keep keeps a value; undefined forgets it. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === undefined) uni.removeStorageSync(`fenlin-${name}`);
    else uni.setStorageSync(`fenlin-${name}`, JSON.stringify(value));
  } catch {
    // full: it is then not remembered
  }
}
