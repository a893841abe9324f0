// Requests, with errors that a person can read.
export class Refused extends Error {
  constructor(message, status) {
    super(message)
    this.status = status
  }
}

async function request(path, options) {
  let answer
  try {
    answer = await fetch(path, options)
  } catch {
    throw new Refused('连不上服务器，请检查网络后再试', 0)
  }
  const text = await answer.text()
  let data = {}
  try {
    data = text ? JSON.parse(text) : {}
  } catch {
    if (answer.ok) throw new Refused('服务器的回答无法读懂', answer.status)
  }
  if (answer.ok) return data
  const fields = (data.errors || []).map((e) => e.message).filter(Boolean)
  throw new Refused([data.error || data.detail || data.title || `请求没有成功（${answer.status}）`, ...fields].join('；'), answer.status)
}

export const get = (path, headers) => request(path, { headers })

export const post = (path, data, headers) =>
  request(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(data) })

export const postBytes = (path, blob) => request(path, { method: 'POST', body: blob })

const sessions = new Map()

async function signIn(openid) {
  if (!sessions.has(openid)) {
    const session = await post('/api/v1/sessions', { code: `sim:${openid}`, client: 'miniprogram' })
    sessions.set(openid, session.token)
  }
  return { Authorization: `Bearer ${sessions.get(openid)}` }
}

// as calls Fenlin's own API as a person, signing in when needed.
export async function as(openid, path, data) {
  for (let tries = 0; ; tries++) {
    const headers = await signIn(openid)
    try {
      return data === undefined ? await get(path, headers) : await post(path, data, headers)
    } catch (e) {
      if (e.status !== 401 || tries > 0) throw e
      sessions.delete(openid)
    }
  }
}
