// where one stands, from the address.
export const where = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

// go changes where one stands; null takes a part away.
export function go(change) {
  const next = { ...where(), ...change };
  for (const name of Object.keys(next)) if (next[name] === null || next[name] === "") delete next[name];
  location.hash = new URLSearchParams(next).toString();
}
