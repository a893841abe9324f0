// The column of what was just pushed to anybody.
import { $, h, empty, when } from './dom.js'
import { get } from './api.js'

let list = []

export async function load(app) {
  try {
    list = await get('/sim/api/notices')
    draw(app)
  } catch (e) {
    $('notices').replaceChildren(empty(e.message, h('button', { type: 'button', onclick: () => load(app) }, '重试')))
  }
}

export function add(app, entry) {
  if (list.some((n) => n.id === entry.id)) return
  list = [...list, entry].slice(-200)
  draw(app)
}

export const mark = (app) => draw(app)

function draw(app) {
  if (!list.length) {
    $('notices').replaceChildren(empty('还没有通知。居民报事以后，书记收到的通知会立即出现在这里，点一下就能换成那个人。'))
    return
  }
  $('notices').replaceChildren(h('h2', { class: 'pane-head' }, '刚刚收到通知的人'), ...[...list].reverse().map((n) => notice(app, n)))
}

function notice(app, n) {
  const says = (n.text || '').replace(/<[^>]*>/g, '') || (n.rows || []).map((r) => r.value).join(' · ') || (n.articles || []).map((a) => a.title).join(' · ')
  return h('button', { type: 'button', class: app.unread(n.openid) ? 'notice fresh' : 'notice', onclick: () => app.choose(n.openid) },
    h('span', { class: 'line' }, h('b', {}, n.name || n.openid), h('small', {}, when(n.at))),
    h('small', { class: 'meta' }, n.org || ''), h('span', { class: 'words' }, n.title && n.title !== '通知' ? `${n.title}：` : '', says))
}
