// Encrypts callbacks with @wecom/crypto, delivers them to a running fenlin in
// safe mode, and decrypts its replies. Exits 1 and says what differs.
//
//   FENLIN_URL             base address, such as http://127.0.0.1:8080
//   FENLIN_WECHAT_APPID    as the server has it
//   FENLIN_WECHAT_TOKEN    as the server has it
//   FENLIN_WECHAT_AES_KEY  as the server has it
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';

const setting = (name) => {
  const value = process.env[name];
  if (!value) {
    console.error(`wecom-interop: set ${name}`);
    process.exit(2);
  }
  return value;
};

const callback = new URL('/wechat/callback', setting('FENLIN_URL'));
const appId = setting('FENLIN_WECHAT_APPID');
const token = setting('FENLIN_WECHAT_TOKEN');
const aesKey = setting('FENLIN_WECHAT_AES_KEY');
const account = 'gh_interop00001';
const sender = (i) => 'o' + 'interop'.padEnd(26, 'x') + i; // lengths differ, so paddings do
const seconds = () => Math.floor(Date.now() / 1000);

let lastId = BigInt(Date.now()) * 1000000n + BigInt(randomInt(1000000));
const nextId = () => String(++lastId);

const text = (from, id, content) =>
  `<xml><ToUserName><![CDATA[${account}]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName>` +
  `<CreateTime>${seconds()}</CreateTime><MsgType><![CDATA[text]]></MsgType>` +
  `<Content><![CDATA[${content}]]></Content><MsgId>${id}</MsgId></xml>`;

// post delivers a message; what is given in "instead" replaces parts of a right delivery.
async function post(message, instead = {}) {
  const timestamp = String(instead.timestamp ?? seconds());
  const nonce = randomBytes(5).toString('hex');
  const sealed = encrypt(aesKey, message, instead.appId ?? appId);
  const url = new URL(callback);
  url.search = new URLSearchParams({
    timestamp,
    nonce,
    signature: getSignature(token, timestamp, nonce, ''),
    msg_signature: instead.signature ?? getSignature(token, timestamp, nonce, sealed),
    encrypt_type: 'aes',
    openid: sender(0),
  });
  const body = instead.body ??
    `<xml><ToUserName><![CDATA[${account}]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`;
  const res = await fetch(url, {
    method: 'POST', body, headers: { 'Content-Type': 'text/xml' }, signal: AbortSignal.timeout(5000),
  });
  return { status: res.status, body: await res.text(), nonce };
}

// field is the text of an element, in CDATA or not.
function field(xml, name) {
  const found = xml.match(new RegExp(`<${name}>(?:<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|([^<]*))</${name}>`));
  assert.ok(found, `no ${name} in ${xml.slice(0, 300)}`);
  return found[1] ?? found[2];
}

// open verifies and decrypts an answer and gives the reply's text.
function open(answer, from) {
  assert.equal(answer.status, 200, answer.body);
  const sealed = field(answer.body, 'Encrypt');
  const timestamp = field(answer.body, 'TimeStamp');
  assert.equal(field(answer.body, 'Nonce'), answer.nonce, 'nonce');
  assert.equal(field(answer.body, 'MsgSignature'), getSignature(token, timestamp, answer.nonce, sealed), 'signature of the reply');
  const { message, id, random } = decrypt(aesKey, sealed);
  assert.equal(id, appId, 'app id inside the reply');
  assert.equal(random.length, 16);
  assert.equal(field(message, 'ToUserName'), from, 'the reply goes to the sender');
  assert.equal(field(message, 'FromUserName'), account, 'the reply comes from the account');
  assert.equal(field(message, 'MsgType'), 'text');
  const content = field(message, 'Content');
  assert.ok(content.length > 0 && Buffer.byteLength(content) < 1800, `a reply of ${Buffer.byteLength(content)} bytes`);
  return content;
}

const checks = {
  async 'the address is verified'() {
    const timestamp = String(seconds());
    const nonce = String(randomInt(1e9));
    const echostr = String(randomInt(1e12));
    const url = new URL(callback);
    url.search = new URLSearchParams({ timestamp, nonce, echostr, signature: getSignature(token, timestamp, nonce, '') });
    const res = await fetch(url);
    assert.deepEqual([res.status, await res.text()], [200, echostr]);
  },
  async 'the help word is answered, at every padding'() {
    for (let i = 0; i < 32; i++) {
      const from = sender('y'.repeat(i));
      open(await post(text(from, nextId(), '帮助')), from);
    }
  },
  async 'a retry gets the first reply'() {
    const message = text(sender(1), nextId(), '帮助');
    const first = await post(message);
    const retry = await post(message);
    assert.equal(open(retry, sender(1)), open(first, sender(1)));
    assert.notEqual(retry.body, first.body, 'sealed anew');
  },
  async 'an unknown event is answered with the bare word success'() {
    const event = `<xml><ToUserName>${account}</ToUserName><FromUserName>${sender(2)}</FromUserName>` +
      `<CreateTime>${seconds()}</CreateTime><MsgType>event</MsgType><Event>interop_unknown</Event></xml>`;
    const { status, body } = await post(event);
    assert.deepEqual([status, body], [200, 'success']);
  },
  async 'what is not right is refused'() {
    const message = text(sender(3), nextId(), '帮助');
    const refused = {
      'a forged signature': [403, { signature: '0'.repeat(40) }],
      'a plain body': [403, { body: message }],
      'a stale timestamp': [403, { timestamp: seconds() - 301 }],
      'another app': [403, { appId: 'wx0000000000000000' }],
      'no XML': [400, { body: 'help' }],
      'too much': [413, { body: `<xml><Encrypt>${'A'.repeat(65 * 1024)}</Encrypt></xml>` }],
    };
    for (const [name, [want, instead]] of Object.entries(refused)) {
      const { status, body } = await post(message, instead);
      assert.equal(status, want, name);
      assert.notEqual(body, '', name);
    }
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (err) {
    failed++;
    console.error(`FAIL  ${name}: ${err.message}`);
  }
}
process.exit(failed ? 1 : 0);
