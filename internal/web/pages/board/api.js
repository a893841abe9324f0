// The session's token lives as long as the browser's tab.
const place = "fenlin-session";

export const session = {
  get token() { return sessionStorage.getItem(place); },
  set token(value) { value ? sessionStorage.setItem(place, value) : sessionStorage.removeItem(place); },
};

export class Refused extends Error {
  constructor(message, status) { super(message); this.status = status; }
}

// ask calls the API; what it throws can be shown to people.
export async function ask(method, path, body) {
  const headers = {};
  if (session.token) headers.Authorization = `Bearer ${session.token}`;
  if (body) headers["Content-Type"] = "application/json";
  let res;
  try {
    res = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused("网络不通，请检查后重试", 0);
  }
  const text = await res.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { /* not ours */ }
  if (res.ok) return answer;
  const fields = (answer?.errors ?? []).map((e) => e.message).join("；");
  throw new Refused((answer?.detail ?? "系统繁忙，请稍后再试") + (fields ? `（${fields}）` : ""), res.status);
}
