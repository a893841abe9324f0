// The drawer of tickets: what a secretary does in the mini-program.
import { $, h, empty, when } from './dom.js'
import { as } from './api.js'

const stateNames = {
  submitted: '已提交', dispatched: '已派单', accepted: '已签收', contacted: '已联系', consulting: '会商中', whistled: '已吹哨',
  suspended: '已挂账', returned: '已退单', finished: '已办结', closed: '已结案', reopened: '重办中', rejected: '不予受理',
  excluded: '已剔除', withdrawn: '已撤销', merged: '已合并',
}
const actionNames = {
  accept: '签收', contact: '已联系居民', dispatch: '派单', transfer: '转派', return: '退单', decide: '裁定', extend: '延期', whistle: '吹哨',
  arrive: '报到', consult: '会商', suspend: '挂账', resume: '恢复', exclude: '剔除', reject: '不予受理', finish: '办结', confirm: '确认结果',
  rate: '评价', reopen: '重新办理', withdraw: '撤销', merge: '合并', follow: '关注', urge: '催办', add: '补充', correct: '更正',
  escalate: '提级', close: '结案',
}
const fieldNames = {
  note: '说明', reason: '理由', text: '内容', to: '交给谁', posts: '哪些部门', ground: '依据', org_id: '单位编号', post_id: '岗位编号', days: '天数', until: '到什么时候',
  number: '工单号', approve: '是否同意', approved: '是否同意', category: '类别', due_at: '期限',
}
// What a form asks for when the server does not say; ? = may be left empty.
const asksFor = {
  finish: ['note'], confirm: ['solved', 'satisfaction', 'note?'], rate: ['satisfaction', 'note?'], return: ['reason'], reject: ['reason'],
  exclude: ['reason'], suspend: ['reason'], extend: ['reason'], transfer: ['reason'], reopen: ['reason'], add: ['text'], contact: ['note?'],
  whistle: ['reason'], consult: ['note?'], escalate: ['reason?'], decide: ['approve', 'reason'], close: ['note?'], withdraw: ['reason?'],
}
const choices = {
  solved: ['问题解决了吗', [['true', '已解决'], ['false', '没有解决']]],
  satisfaction: ['满意吗', [['satisfied', '满意'], ['basic', '基本满意'], ['dissatisfied', '不满意']]],
  approve: ['是否同意', [['true', '同意'], ['false', '不同意']]],
  approved: ['是否同意', [['true', '同意'], ['false', '不同意']]],
  wait: ['要等居民答复吗', [['', '不等'], ['true', '停止计时，等居民答复']]],
  watch: ['市级关注', [['', '不变'], ['true', '列入'], ['false', '移出']]],
}
const views = [['inbox', '待办'], ['mine', '我报的'], ['following', '关注的'], ['overdue', '超期'], ['watched', '关注名单']]

let view = 'inbox'
let current = '' // the open ticket's number
let shownFor = ''
let asked = 0

export function open(app) {
  if (shownFor !== app.openid) current = ''
  draw(app)
}

export function personChanged(app) {
  current = ''
  if (!$('tickets').hidden) draw(app)
}

// changed reads the list again, but leaves an open ticket's form alone.
export function changed(app) {
  if (!$('tickets').hidden && !$('tickets').querySelector('form')) draw(app)
}

function draw(app) {
  shownFor = app.openid
  if (!app.openid) return $('tickets').replaceChildren(empty('请先选一个人物'))
  return current ? showTicket(app, current) : showList(app)
}

// read shows what the server says unless something else was asked meanwhile.
async function read(app, path, render, again) {
  const mine = ++asked
  const box = $('tickets')
  if (!box.children.length) box.replaceChildren(empty('正在读取工单…'))
  try {
    const data = await as(app.openid, path)
    if (mine === asked) box.replaceChildren(...render(data))
  } catch (e) {
    if (mine === asked) {
      box.replaceChildren(tabs(app), empty(e.message, h('button', { type: 'button', onclick: again }, '重试')))
    }
  }
}

function tabs(app) {
  return h('div', { class: 'tickets-head', role: 'group', 'aria-label': '工单分类' }, views.map(([id, name]) =>
    h('button', { type: 'button', class: 'quiet', 'aria-pressed': String(view === id), onclick: () => {
      view = id
      current = ''
      draw(app)
    } }, name)), h('button', { type: 'button', class: 'quiet', onclick: () => draw(app) }, '刷新'))
}

const named = (v) => (v && typeof v === 'object' ? v.name || v.label || v.code || '' : v || '')
const says = (t) => t.title || t.summary || t.text || t.description || ''
const place = (t) => [named(t.compound), t.building && `${t.building}号楼`.replace(/(号楼|栋)号楼$/, '$1'), named(t.category)].filter(Boolean).join(' · ')
const stateName = (t) => t.state_name || stateNames[t.state] || t.state || ''

function dueMark(t) {
  const late = t.overdue || (t.due_at && new Date(t.due_at) < new Date() && !['finished', 'closed', 'withdrawn', 'merged', 'rejected', 'excluded'].includes(t.state))
  return [h('span', { class: late ? 'state late' : 'state' }, late ? `${stateName(t)} · 已超期` : stateName(t)),
    t.due_at && h('small', { class: 'meta' }, `期限 ${when(t.due_at)}`)]
}

function showList(app) {
  return read(app, `/api/v1/tickets?view=${view}`, (list) => {
    const items = list.items || []
    if (!items.length) return [tabs(app), empty(view === 'inbox' ? '没有待办的工单' : '没有工单')]
    return [tabs(app), ...items.map((t) => h('button', { type: 'button', class: 'ticket', onclick: () => {
      current = t.number
      draw(app)
    } }, h('b', {}, t.number), ' ', ...dueMark(t).filter(Boolean), h('div', {}, says(t)), h('small', { class: 'meta' }, place(t))))]
  }, () => draw(app))
}

function showTicket(app, number) {
  return read(app, `/api/v1/tickets/${encodeURIComponent(number)}`, (t) => [ticket(app, t)], () => draw(app))
}

function ticket(app, t) {
  const form = h('div', { 'aria-live': 'polite' })
  const actions = (t.actions || []).map((a) => (typeof a === 'string' ? { action: a } : a))
  return h('article', { class: 'detail' },
    h('div', {}, h('button', { type: 'button', class: 'quiet', onclick: () => {
      current = ''
      draw(app)
    } }, '‹ 返回列表')),
    h('div', {}, h('h2', {}, t.number), ...dueMark(t).filter(Boolean)),
    h('p', {}, says(t)), h('p', { class: 'meta' }, place(t)),
    actions.length
      ? h('div', { class: 'actions', role: 'group', 'aria-label': '现在可以做的事' }, actions.map((a) =>
        h('button', { type: 'button', class: a.action === 'accept' || a.action === 'finish' || a.action === 'confirm' ? 'primary' : '',
          onclick: () => begin(app, t, a, form) }, labelOf(a))))
      : h('p', { class: 'meta' }, '现在没有你可以做的事'),
    form, h('h3', {}, '经过'), h('ol', { class: 'timeline' }, (t.timeline || []).map(step)))
}

const labelOf = (a) => a.label || actionNames[a.action] || a.action

function step(e) {
  const what = e.text || e.label || e.title || actionNames[e.action] || actionNames[e.kind] || e.kind || e.action || ''
  const who = named(e.actor) || named(e.by) || e.actor_name || ''
  const more = [e.note, e.reason].filter((s) => s && !String(what).includes(s)).join('；')
  return h('li', {}, h('span', { class: 'meta' }, [when(e.at || e.time || e.created_at), who].filter(Boolean).join(' · ')), what, more && `：${more}`)
}

// begin does an action that needs nothing, or opens its form.
function begin(app, t, a, box) {
  const needs = (Array.isArray(a.needs) ? told(a) : asksFor[a.action] || []).filter((n) => !n.startsWith('photos'))
  if (!needs.length) return act(app, t, a, {}, box)
  box.replaceChildren(h('form', { class: 'form', onsubmit: (e) => {
    e.preventDefault()
    const values = {}
    for (const [k, v] of new FormData(e.target)) {
      if (v === '') continue
      if (k === 'posts') values.posts = [...(values.posts || []), v]
      else if (k === 'until') values.until = new Date(v).toISOString()
      else values[k] = v === 'true' ? true : v === 'false' ? false : v
    }
    act(app, t, a, values, box)
  } }, h('h3', {}, labelOf(a)), needs.map((n) => input(n, a.action, t.choices || {})),
  h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, '确定'),
    h('button', { type: 'button', onclick: () => box.replaceChildren() }, '取消'))))
  box.querySelector('input, textarea, select')?.focus()
  box.scrollIntoView({ block: 'nearest' })
  return undefined
}

// told are the fields that the server asks for and takes; what needs none and
// takes a note alone is done at once, unless the note is all of it.
function told(a) {
  const takes = (a.takes || []).map((n) => `${n}?`)
  const plain = !a.needs.length && takes.every((n) => n === 'note?' || n === 'photos?')
  return plain && a.action !== 'add' ? [] : [...a.needs, ...takes]
}

// offered are what the server lets choose from, by the field of an action.
const offered = {
  to: (c) => (c.to || []).map((p) => [p.id, p.title]),
  posts: (c) => (c.posts || []).map((p) => [p.id, p.title]),
  ground: (c) => (c.grounds || []).map((g) => [g.code, g.name]),
}

function input(need, action, lists) {
  const n = typeof need === 'string' ? { name: need } : need
  const name = n.name.replace(/\?$/, '')
  const required = n.required ?? !(n.name.endsWith('?') || (name === 'note' && action !== 'finish'))
  const options = n.options?.map((o) => (typeof o === 'string' ? [o, o] : [o.value ?? o.id, o.label ?? o.name]))
  if (options || choices[name]) {
    const [label, list] = options ? [n.label || fieldNames[name] || name, options] : choices[name]
    return h('fieldset', {}, h('legend', {}, label), list.map(([value, text], i) =>
      h('label', { class: 'choice' }, h('input', { type: 'radio', name, value, required, checked: i === 0 }), text)))
  }
  const list = offered[name]?.(lists)
  if (list?.length) {
    return h('label', {}, fieldNames[name], h('select', { name, required, multiple: name === 'posts', size: name === 'posts' ? Math.min(6, list.length) : undefined },
      list.map(([value, text]) => h('option', { value }, text))))
  }
  if (name === 'until') return h('label', {}, fieldNames.until, h('input', { type: 'datetime-local', name, required }))
  const label = `${n.label || fieldNames[name] || name}${required ? '' : '（可不填）'}`
  const long = ['note', 'reason', 'text'].includes(name)
  return h('label', {}, label, long ? h('textarea', { name, rows: '3', required }) : h('input', { name, required, autocomplete: 'off' }))
}

async function act(app, t, a, values, box) {
  const buttons = $('tickets').querySelectorAll('button')
  for (const b of buttons) b.disabled = true
  try {
    await as(app.openid, `/api/v1/tickets/${encodeURIComponent(t.number)}/actions`, { action: a.action, version: t.version, ...values })
    if (app.openid === shownFor) await draw(app)
  } catch (e) {
    for (const b of buttons) b.disabled = false
    const again = e.status === 409 && h('button', { type: 'button', onclick: () => draw(app) }, '刷新工单')
    box.querySelector('.trouble')?.remove()
    box.prepend(h('p', { class: 'trouble', role: 'alert' }, e.message, ' ', again))
  }
}
