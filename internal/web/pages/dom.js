// el makes an element: el("td", { class: "late" }, "text", other elements).
// Attributes that are functions listen to the event of their name.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

// number as people write it; whole numbers stay whole.
export const plain = (n) => (Number.isInteger(n) ? String(n) : n.toFixed(1));

// percent of a rate, — when there is nothing to divide by.
export const percent = (rate) => (rate === null || rate === undefined ? "—" : `${(rate * 100).toFixed(1)}%`);

// moment is an RFC 3339 time in the city's zone, as people read it.
export function moment(text) {
  if (!text) return "—";
  return text.slice(0, 16).replace("T", " ");
}
