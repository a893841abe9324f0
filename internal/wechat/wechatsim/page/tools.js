// The account's menu, and what can be sent besides text.
import { $, h, safeLink, pageLink } from './dom.js'
import { get, post, postBytes, as } from './api.js'
import { send } from './chat.js'

const tools = [
  ['照片', photo], ['语音', voice], ['位置', place], ['扫码', scan], ['链接', link], ['订阅', consent],
]
let openTool = ''

export function start(app) {
  $('tools').replaceChildren(...tools.map(([name, form]) =>
    h('button', { type: 'button', 'aria-expanded': 'false', 'data-tool': name, onclick: () => toggle(app, name, form) }, name)))
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return
    fold()
    close()
  })
  $('follow').addEventListener('click', async () => {
    await event(app, app.person.following ? 'unfollow' : 'follow')
    await app.reload()
    app.refreshPeople()
  })
}

export function personChanged(app) {
  const p = app.person
  $('who').textContent = `我是 ${p.name || p.openid}${p.org ? `（${p.org}）` : ''}`
  $('follow').hidden = false
  $('follow').textContent = p.following ? '取消关注' : '关注'
  $('text').disabled = !p.following
  $('composer').querySelector('button').disabled = !p.following
  for (const b of $('tools').children) b.disabled = !p.following && b.dataset.tool !== '扫码'
  menu(app)
}

export function close() {
  if ($('panel').contains(document.activeElement)) document.querySelector(`[data-tool="${openTool}"]`)?.focus()
  openTool = ''
  $('panel').hidden = true
  $('panel').replaceChildren()
  for (const b of $('tools').children) b.setAttribute('aria-expanded', 'false')
}

async function toggle(app, name, form) {
  const was = openTool
  close()
  if (was === name) return
  openTool = name
  document.querySelector(`[data-tool="${name}"]`).setAttribute('aria-expanded', 'true')
  $('panel').hidden = false
  $('panel').replaceChildren(h('p', { class: 'meta' }, '正在读取…'))
  const content = await form(app)
  if (openTool !== name) return
  $('panel').replaceChildren(content)
  $('panel').querySelector('input, select, textarea, button')?.focus()
}

function event(app, type, more = {}) {
  return send(app, () => post('/sim/api/event', { openid: app.openid, type, ...more }))
}

function say(app, message) {
  close()
  return send(app, () => post('/sim/api/send', { openid: app.openid, ...message }))
}

// form is fields and buttons; a submit calls done with the fields' values.
function form(done, label, ...fields) {
  return h('form', { class: 'form', onsubmit: (e) => {
    e.preventDefault()
    done(Object.fromEntries(new FormData(e.target)))
  } }, ...fields, h('div', { class: 'buttons' },
    h('button', { type: 'submit', class: 'primary' }, label), h('button', { type: 'button', onclick: close }, '取消')))
}

const field = (label, props) => h('label', {}, label, h('input', props))

async function menu(app) {
  let list = []
  try {
    list = (await get('/sim/api/menu')).button || []
  } catch {
    // the next change of person asks again
  }
  if (!list.length) {
    $('menu').replaceChildren(h('p', { class: 'none' }, '公众号还没有设置菜单（可用 fenlin wechat menu push 推送）'))
    return
  }
  $('menu').replaceChildren(...list.map((b) => {
    const sub = b.sub_button?.length
    const main = h('button', { type: 'button', 'aria-haspopup': sub ? 'true' : null, 'aria-expanded': sub ? 'false' : null, disabled: !app.person.following,
      onclick: () => (sub ? unfold(app, b, main) : press(app, b)) }, sub ? `≡ ${b.name}` : b.name)
    return h('div', {}, main)
  }))
}

function unfold(app, b, main) {
  const open = main.getAttribute('aria-expanded') === 'true'
  fold()
  if (open) return
  main.setAttribute('aria-expanded', 'true')
  const list = h('div', { class: 'submenu' }, b.sub_button.map((s) => h('button', { type: 'button', onclick: () => {
    unfold(app, b, main)
    press(app, s)
  } }, s.name)))
  main.parentElement.append(list)
  list.querySelector('button').focus()
}

function fold() {
  document.querySelector('.submenu')?.remove()
  for (const m of $('menu').querySelectorAll('[aria-expanded="true"]')) {
    m.setAttribute('aria-expanded', 'false')
    m.focus()
  }
}

function press(app, b) {
  if (b.type === 'view' || b.type === 'miniprogram') {
    const link = b.type === 'view' ? safeLink(b.url) : pageLink(b.pagepath) || safeLink(b.url)
    if (link) window.open(link, '_blank', 'noopener')
    return event(app, 'view', { key: b.url })
  }
  return event(app, 'press', { key: b.key })
}

function photo(app) {
  const post = (blob) => {
    close()
    return send(app, () => postBytes(`/sim/api/photo?openid=${encodeURIComponent(app.openid)}`, blob))
  }
  return h('div', { class: 'form' },
    h('label', {}, '选一张照片（JPG 或 PNG，不超过 10 MB）',
      h('input', { type: 'file', accept: 'image/jpeg,image/png', onchange: (e) => e.target.files[0] && post(e.target.files[0]) })),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', onclick: () => samplePhoto('楼道灯不亮').then(post) }, '用示例照片：楼道灯'),
      h('button', { type: 'button', onclick: () => samplePhoto('路面积水').then(post) }, '用示例照片：积水'),
      h('button', { type: 'button', onclick: close }, '取消')))
}

function samplePhoto(title) {
  const c = h('canvas', { width: '640', height: '480' })
  const g = c.getContext('2d')
  g.fillStyle = '#3b3f45'
  g.fillRect(0, 0, 640, 480)
  g.fillStyle = title === '路面积水' ? '#5d7f99' : '#22252a'
  g.beginPath()
  g.ellipse(320, title === '路面积水' ? 360 : 130, 220, 70, 0, 0, Math.PI * 2)
  g.fill()
  g.fillStyle = '#f4f4f4'
  g.font = '36px sans-serif'
  g.textAlign = 'center'
  g.fillText(`示例照片 · ${title}`, 320, 250)
  return new Promise((done) => c.toBlob(done, 'image/jpeg', 0.85))
}

function voice(app) {
  return form((v) => say(app, { type: 'voice', text: v.text }), '发送语音',
    h('label', {}, '说的话（相当于微信识别出的文字，留空表示没有识别出来）', h('textarea', { name: 'text', rows: '2' }, '电梯坏了，我们在六楼出不来')))
}

// Made-up points near the city's middle; compounds known to the server are added.
const places = [
  { name: '福馨苑小区（示例）', lat: 37.2656, lng: 111.7851 },
  { name: '汾阳市政府附近（示例）', lat: 37.2617, lng: 111.7703 },
  { name: '城外很远的地方（示例）', lat: 37.87, lng: 112.55 },
]

async function place(app) {
  let known = []
  try {
    const list = await as(app.openid, `/api/v1/compounds?q=${encodeURIComponent('苑')}&limit=20`)
    known = (list.items || list || []).map((c) => ({ name: c.name, lat: c.lat ?? c.location?.lat, lng: c.lng ?? c.location?.lng }))
      .filter((c) => Number.isFinite(c.lat) && Number.isFinite(c.lng))
  } catch {
    // the samples are enough
  }
  const all = [...known, ...places]
  const lat = h('input', { name: 'lat', required: true, inputmode: 'decimal', value: all[0].lat })
  const lng = h('input', { name: 'lng', required: true, inputmode: 'decimal', value: all[0].lng })
  const label = h('input', { name: 'label', value: all[0].name })
  const choose = h('select', { onchange: () => {
    const p = all[choose.value]
    ;[lat.value, lng.value, label.value] = [p.lat, p.lng, p.name]
  } }, all.map((p, i) => h('option', { value: String(i) }, p.name)))
  return form((v) => {
    const at = { lat: Number(v.lat), lng: Number(v.lng) }
    if (!(Math.abs(at.lat) <= 90 && Math.abs(at.lng) <= 180)) return app.trouble('纬度在 -90 到 90 之间，经度在 -180 到 180 之间')
    return say(app, { type: 'location', ...at, label: v.label })
  }, '发送位置', h('label', {}, '地点', choose),
  h('div', { class: 'two' }, h('label', {}, '纬度', lat), h('label', {}, '经度', lng)), h('label', {}, '名称', label))
}

async function scan(app) {
  let codes = []
  try {
    codes = await get('/sim/api/scenes')
  } catch {
    // a scene can still be typed
  }
  const key = h('input', { name: 'key', required: true, maxlength: '64', autocomplete: 'off', list: 'scenes', placeholder: '小区门口二维码里的场景值' })
  return form(async (v) => {
    close()
    const was = app.person.following
    await event(app, 'scan', { key: v.key.trim() })
    if (!was) {
      await app.reload()
      app.refreshPeople()
    }
  }, '扫一扫',
  h('label', {}, codes.length ? `场景值（可从 ${codes.length} 个已生成的码里选）` : '场景值（还没有生成过码，请输入）', key),
  h('datalist', { id: 'scenes' }, codes.slice(-300).map((c) => h('option', { value: c.scene }))))
}

function link(app) {
  return form((v) => say(app, { type: 'link', ...v }), '发送链接',
    field('标题', { name: 'title', required: true, value: '小区停水通知' }), field('说明', { name: 'description' }),
    field('网址', { name: 'url', type: 'url', required: true, value: 'https://example.com/notice' }))
}

async function consent(app) {
  let list = []
  try {
    list = await get('/sim/api/templates')
  } catch {
    // ids can still be typed
  }
  const given = (v) => [...new FormData(v).getAll('id'), ...(v.elements.more?.value || '').split(/[\s,，]+/)].filter(Boolean)
  const answer = (type) => (e) => {
    const templates = given(e.target.closest('form'))
    if (!templates.length) return app.trouble('请至少选一个模板')
    close()
    return event(app, type, { templates })
  }
  return h('form', { class: 'form', onsubmit: (e) => e.preventDefault() },
    h('p', {}, '公众号申请给你发送一次性订阅消息，每次同意可收一条：'),
    list.map((t) => h('label', { class: 'choice' }, h('input', { type: 'checkbox', name: 'id', value: t.id, checked: true }), t.title || t.id)),
    field(list.length ? '其他模板编号' : '模板编号', { name: 'more', autocomplete: 'off' }),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'primary', onclick: answer('consent') }, '允许一次'),
      h('button', { type: 'button', onclick: answer('deny') }, '拒绝'), h('button', { type: 'button', onclick: close }, '取消')))
}
