// The conversation in the phone.
import { $, h, when, face, ownPath, safeLink, pageLink } from './dom.js'
import { post } from './api.js'

const shown = new Set()
let last = 0
let waiting = 0

export function start(app) {
  const text = $('text')
  $('composer').addEventListener('submit', (e) => {
    e.preventDefault()
    const said = text.value.trim()
    if (!said) return text.focus()
    text.value = ''
    grow()
    send(app, () => post('/sim/api/send', { openid: app.openid, type: 'text', text: said })).then((ok) => {
      if (!ok && !text.value) text.value = said
    })
    text.focus()
  })
  text.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
      e.preventDefault()
      $('composer').requestSubmit()
    }
  })
  const grow = () => {
    text.style.height = 'auto'
    text.style.height = `${text.scrollHeight + 2}px`
  }
  text.addEventListener('input', grow)
}

// send does something as the person, and shows that the account is at work.
export async function send(app, action) {
  app.trouble('')
  waiting++
  showWaiting()
  try {
    const d = await action()
    if (d.faults?.length) app.trouble(`公众号的回答有问题：${d.faults.join('；')}`)
    return true
  } catch (e) {
    app.trouble(e.message)
    return false
  } finally {
    waiting--
    showWaiting()
  }
}

function showWaiting() {
  $('waiting')?.remove()
  if (waiting > 0) {
    $('log').append(h('li', { id: 'waiting', class: 'row typing' }, face('邻'), h('div', { class: 'bubble' }, '正在处理…')))
    toEnd()
  }
}

export function loading() {
  $('log').replaceChildren(h('li', { class: 'event' }, '正在读取聊天记录…'))
}

export function failed(message, again) {
  $('log').replaceChildren(h('li', { class: 'event warn' }, message, ' ', h('button', { type: 'button', onclick: again }, '重试')))
}

export function show(app, messages) {
  shown.clear()
  last = 0
  $('log').replaceChildren()
  if (!messages.length) {
    $('log').append(h('li', { class: 'event', id: 'no-messages' },
      app.person.following ? '还没有聊天记录。写一句话，或点下面的菜单试试' : '还没有关注公众号。点右上角「关注」，或用「扫码」扫小区门口的码'))
  }
  for (const m of messages) add(app, m)
  showWaiting()
  toEnd()
}

export function add(app, m) {
  if (m.openid !== app.openid || shown.has(m.id)) return
  shown.add(m.id)
  $('no-messages')?.remove()
  const at = new Date(m.at).getTime()
  if (at - last > 300_000) $('log').append(h('li', { class: 'when' }, when(m.at)))
  last = at
  $('log').append(entry(app, m))
  if ($('waiting')) $('log').append($('waiting'))
  toEnd()
}

function toEnd() {
  $('log').scrollTop = $('log').scrollHeight
}

function entry(app, m) {
  if (m.type === 'event') return h('li', { class: 'event' }, m.text)
  if (m.kind === 'system') return h('li', { class: 'event warn' }, m.text)
  if (m.type === 'card') return h('li', {}, card(m))
  if (m.type === 'news') return h('li', {}, ...(m.articles || []).map(article))
  const mine = m.kind === 'sent'
  return h('li', { class: mine ? 'row mine' : 'row' }, face(mine ? app.person.name : '邻'),
    h('div', { class: m.type === 'image' ? 'bubble picture' : 'bubble' }, h('span', { class: 'sr' }, mine ? '我：' : '公众号：'), ...content(app, m)))
}

const sources = { template: '服务通知', subscription: '订阅通知', miniprogram: '小程序通知', customer: '公众号消息' }

function card(m) {
  const link = safeLink(m.url) || pageLink(m.page)
  return h('article', { class: 'card' },
    h('div', {}, h('p', { class: 'source' }, sources[m.kind] || '通知'), h('h3', {}, m.title || '通知'),
      m.rows && h('dl', {}, m.rows.map((r) => (r.label
        ? [h('dt', {}, r.label), h('dd', {}, r.value)] : [h('dd', { class: 'lone' }, r.value)])))),
    link && h('a', { class: 'more', href: link, target: '_blank', rel: 'noopener' }, '查看详情'))
}

function article(a) {
  const link = safeLink(a.url)
  return h('article', { class: 'card' }, a.pic_url && h('img', { src: ownPath(a.pic_url), alt: '' }),
    h('div', {}, h('h3', {}, a.title), h('p', {}, a.description)),
    link && h('a', { class: 'more', href: link, target: '_blank', rel: 'noopener' }, '打开'))
}

function content(app, m) {
  switch (m.type) {
    case 'image':
      return [h('img', { src: ownPath(m.pic_url), alt: '照片', onload: toEnd })]
    case 'voice':
      return ['［语音］', h('span', { class: 'meta' }, m.text ? `转文字：${m.text}` : '（没有识别出文字）')]
    case 'video':
      return ['［视频］']
    case 'location':
      return ['［位置］', h('span', { class: 'meta' }, m.text || '未命名的地点')]
    case 'link':
      return ['［链接］', m.title || '', h('span', { class: 'meta' }, m.url || '')]
  }
  return words(app, m.text || '')
}

// Links in texts, as WeChat shows them: addresses, <a href>, and menu choices
// that send a word when they are pressed.
const links = /<a\s+href="([^"]*)"[^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"，。；！）]+)/g

function words(app, text) {
  const parts = []
  let from = 0
  for (const m of text.matchAll(links)) {
    parts.push(text.slice(from, m.index))
    from = m.index + m[0].length
    const url = (m[1] || m[3]).replaceAll('&amp;', '&')
    const choice = /^weixin:\/\/bizmsgmenu\?.*msgmenucontent=([^&]*)/.exec(url)
    if (choice) {
      const word = decodeURIComponent(choice[1])
      parts.push(h('a', { href: '#', onclick: (e) => {
        e.preventDefault()
        send(app, () => post('/sim/api/send', { openid: app.openid, type: 'text', text: word }))
      } }, m[2]))
    } else if (safeLink(url)) {
      parts.push(h('a', { href: url, target: '_blank', rel: 'noopener' }, m[2] || url))
    } else {
      parts.push(m[2] || url)
    }
  }
  parts.push(text.slice(from))
  return parts
}
