// where one stands, from the address.
export const where = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

// away is everything that leads from rates to single tickets, taken away.
export const away = { measure: null, group: null, key: null, label: null, ticket: null, days: null, view: null };

// go changes where one stands; null takes a part away.
export function go(change) {
  const next = { ...where(), ...change };
  for (const name of Object.keys(next)) if (next[name] === null || next[name] === "") delete next[name];
  location.hash = new URLSearchParams(next).toString();
}
