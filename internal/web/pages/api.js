// The session's token lives as long as the browser's tab.
const place = "fenlin-session";

export const session = {
  get token() { return sessionStorage.getItem(place); },
  set token(value) { value ? sessionStorage.setItem(place, value) : sessionStorage.removeItem(place); },
};

export class Refused extends Error {
  constructor(message, status) { super(message); this.status = status; }
}

// request calls the API; what it throws can be shown to people. A body is sent
// as JSON, a file as it is.
async function request(method, path, body) {
  const headers = {};
  if (session.token) headers.Authorization = `Bearer ${session.token}`;
  const file = body instanceof Blob;
  if (body && !file) headers["Content-Type"] = "application/json";
  let res;
  try {
    res = await fetch(path, { method, headers, body: body && !file ? JSON.stringify(body) : body });
  } catch {
    throw new Refused("网络不通，请检查后重试", 0);
  }
  if (res.ok) return res;
  const answer = read(await res.text());
  const fields = (answer?.errors ?? []).map((e) => e.message).join("；");
  throw new Refused((answer?.detail ?? "系统繁忙，请稍后再试") + (fields ? `（${fields}）` : ""), res.status);
}

function read(text) {
  try { return text ? JSON.parse(text) : null; } catch { return null; /* not ours */ }
}

// ask calls the API and gives its answer.
export async function ask(method, path, body) {
  return read(await (await request(method, path, body)).text());
}

// fetched is a file of the API and what it calls itself.
export async function fetched(path) {
  const res = await request("GET", path);
  const said = /filename\*=UTF-8''([^;]+)/.exec(res.headers.get("Content-Disposition") ?? "");
  return { content: await res.blob(), name: said ? decodeURIComponent(said[1]) : "" };
}
