// The page's state and what connects its parts.
import { $, h } from './dom.js'
import { get } from './api.js'
import * as people from './people.js'
import * as chat from './chat.js'
import * as tools from './tools.js'
import * as notices from './notices.js'
import * as tickets from './tickets.js'

const state = { person: null, unread: new Map() }
let stream = null

const app = {
  get openid() {
    return state.person?.openid
  },
  get person() {
    return state.person
  },
  unread: (openid) => state.unread.get(openid) || 0,
  choose,
  refreshPeople: () => people.load(app),
  reload: () => loadConversation(),
  showPane,
  showTickets() {
    selectTab('tickets')
    showPane('side')
  },
  trouble,
}

async function choose(openid) {
  state.unread.delete(openid)
  history.replaceState(null, '', `#${encodeURIComponent(openid)}`)
  document.cookie = `sim_openid=${encodeURIComponent(openid)}; path=/; SameSite=Lax`
  state.person = { openid, name: '', labels: [], org: '', following: true }
  trouble('')
  chat.loading()
  tools.close()
  listen()
  await loadConversation()
  showUnread()
  tickets.personChanged(app)
  showPane('chat')
}

async function loadConversation() {
  const openid = app.openid
  if (!openid) return
  try {
    const c = await get(`/sim/api/conversation?openid=${encodeURIComponent(openid)}`)
    if (openid !== app.openid) return
    state.person = c.person
    chat.show(app, c.messages)
    tools.personChanged(app)
    people.mark(app)
  } catch (e) {
    if (openid === app.openid) chat.failed(e.message, () => choose(openid))
  }
}

// listen opens the stream of the chosen person; what came in a gap is read again.
function listen() {
  stream?.close()
  const openid = app.openid
  stream = new EventSource(`/sim/api/stream?openid=${encodeURIComponent(openid)}`)
  let opened = false
  stream.onopen = () => {
    trouble('')
    if (opened) {
      loadConversation()
      notices.load(app)
    }
    opened = true
  }
  stream.onerror = () => trouble('与服务器的连接断了，正在重新连接…')
  stream.addEventListener('message', (e) => chat.add(app, JSON.parse(e.data)))
  stream.addEventListener('notice', (e) => {
    const entry = JSON.parse(e.data)
    if (entry.openid !== app.openid) state.unread.set(entry.openid, app.unread(entry.openid) + 1)
    notices.add(app, entry)
    showUnread()
    if (entry.openid === app.openid) tickets.changed(app)
  })
}

function showUnread() {
  let sum = 0
  for (const n of state.unread.values()) sum += n
  for (const id of ['unread-all', 'unread-tab']) {
    $(id).hidden = sum === 0
    $(id).textContent = sum > 99 ? '99+' : String(sum)
    $(id).setAttribute('aria-label', `${sum} 条未读`)
  }
  people.mark(app)
  notices.mark(app)
}

function trouble(text) {
  $('trouble').textContent = text
  $('trouble').hidden = !text
}

function showPane(name) {
  document.body.dataset.pane = name
  for (const b of document.querySelectorAll('.panes button')) b.setAttribute('aria-pressed', b.dataset.pane === name)
}

function selectTab(name) {
  for (const id of ['notices', 'tickets']) {
    const on = id === name
    $(id).hidden = !on
    $(`tab-${id}`).setAttribute('aria-selected', on)
    $(`tab-${id}`).tabIndex = on ? 0 : -1
  }
  if (name === 'tickets') tickets.open(app)
}

function large(on) {
  document.documentElement.toggleAttribute('data-large', on)
  $('large').setAttribute('aria-pressed', on)
  localStorage.setItem('sim-large', on ? '1' : '')
}

async function start() {
  large(localStorage.getItem('sim-large') === '1')
  $('large').addEventListener('click', () => large(!document.documentElement.hasAttribute('data-large')))
  for (const b of document.querySelectorAll('.panes button')) b.addEventListener('click', () => showPane(b.dataset.pane))
  for (const id of ['notices', 'tickets']) {
    $(`tab-${id}`).addEventListener('click', () => selectTab(id))
    $(`tab-${id}`).addEventListener('keydown', (e) => {
      if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return
      const other = id === 'notices' ? 'tickets' : 'notices'
      selectTab(other)
      $(`tab-${other}`).focus()
    })
  }
  showPane('chat')
  people.start(app)
  chat.start(app)
  tools.start(app)
  notices.load(app)
  const first = await people.load(app)
  const wanted = decodeURIComponent(location.hash.slice(1)) || first
  if (wanted) await choose(wanted)
  else $('log').replaceChildren(h('li', { class: 'event' }, '请先选一个人物'))
}

start()
