// The column of people to play.
import { $, h, empty, face } from './dom.js'
import { get, post } from './api.js'

let typing = 0
let asked = 0

export function start(app) {
  $('search').addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(() => load(app), 200)
  })
  $('newcomer').addEventListener('click', async () => {
    try {
      const p = await post('/sim/api/newcomer', {})
      $('search').value = ''
      await load(app)
      app.choose(p.openid)
    } catch (e) {
      app.trouble(e.message)
    }
  })
}

// load shows who fits the search and gives the first one's openid.
export async function load(app) {
  const mine = ++asked
  const q = $('search').value.trim()
  const box = $('people')
  if (!box.children.length) box.replaceChildren(empty('正在读取名单…'))
  try {
    const list = await get(`/sim/api/people?q=${encodeURIComponent(q)}`)
    if (mine !== asked) return undefined
    if (!list.groups.length) {
      box.replaceChildren(empty(q ? `没有找到「${q}」，换个词试试` : '名单是空的。可以点「新来的居民」开始'))
      return undefined
    }
    box.replaceChildren(...list.groups.map((g, i) => group(app, g, q || i === 0 || g.name === '新来的居民')))
    if (list.more_groups) box.append(empty(`还有 ${list.more_groups} 个单位，请用搜索查找`))
    mark(app)
    return list.groups[0].people[0]?.openid
  } catch (e) {
    if (mine === asked) box.replaceChildren(empty(e.message, h('button', { type: 'button', onclick: () => load(app) }, '重试')))
    return undefined
  }
}

function group(app, g, unfolded) {
  const rest = g.total - g.people.length
  return h('details', { class: 'group', open: Boolean(unfolded) },
    h('summary', {}, g.name, ' ', h('small', {}, `${g.total} 人`)),
    g.people.map((p) => person(app, p)),
    rest > 0 && empty(`还有 ${rest} 人，请用搜索查找`))
}

function person(app, p) {
  const about = [p.labels.filter((l) => l !== '居民' || p.labels.length === 1).join('、'), p.org].filter(Boolean).join(' · ')
  return h('button', { type: 'button', class: 'person', 'data-openid': p.openid, onclick: () => app.choose(p.openid) },
    face(p.name), h('span', { class: 'about' }, h('b', {}, p.name || p.openid), h('small', {}, about)),
    h('span', { class: 'badge', hidden: true }))
}

// mark shows who is played and who has unread notices.
export function mark(app) {
  for (const b of document.querySelectorAll('.person')) {
    const n = app.unread(b.dataset.openid)
    b.setAttribute('aria-current', b.dataset.openid === app.openid)
    const badge = b.querySelector('.badge')
    badge.hidden = n === 0
    badge.textContent = n
    badge.setAttribute('aria-label', `${n} 条未读`)
  }
}
