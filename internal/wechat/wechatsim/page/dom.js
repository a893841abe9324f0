// Elements without a framework: h('button', {class: 'x', onclick}, 'text', child).
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag)
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (key.startsWith('on')) el.addEventListener(key.slice(2), value)
    else el.setAttribute(key, value === true ? '' : value)
  }
  el.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false))
  return el
}

export const $ = (id) => document.getElementById(id)

export function empty(text, ...more) {
  return h('div', { class: 'empty' }, h('p', {}, text), ...more)
}

// Times are read as "today 09:05" or with the date, as clocks in China show them.
export function when(text) {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return ''
  const local = (options, time = at) => time.toLocaleString('zh-CN', { timeZone: 'Asia/Shanghai', ...options })
  const clock = local({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = { month: 'long', day: 'numeric' }
  if (local(day) === local(day, new Date())) return clock
  return `${local(day)} ${clock}`
}

const shades = ['#7a4b1f', '#1d4f91', '#0a7a3f', '#7b2d6b', '#8a3324', '#3d5a6c']

export function face(name) {
  const text = (name || '？').slice(-1)
  return h('span', { class: 'face', 'aria-hidden': 'true', style: `background:${shades[text.codePointAt(0) % shades.length]}` }, text)
}

// Our own pictures are asked for where the page came from.
export function ownPath(url) {
  const i = (url || '').indexOf('/sim/media/')
  return i >= 0 ? url.slice(i) : url
}

export function safeLink(url) {
  return /^https?:\/\//.test(url || '') || /^\/[^/]/.test(url || '') ? url : ''
}

// A mini-program's page is the page of the same name on the web.
export const pageLink = (page) => (page ? `/app/#/${page.replace(/^\//, '')}` : '')
