// The demo on a port and in a folder of its own, and some life in it. Its tables are SQLite's, or
// on the server that FENLIN_TEST_DATABASE names: scripts/services run -- make e2e.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const freePort = () => new Promise((found, failed) => {
  const server = createServer().on("error", failed).listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});

// database makes an empty one on the server given, if any.
function database() {
  const { FENLIN_TEST_DATABASE: given, FENLIN_TEST_REDIS: redis } = process.env;
  if (!given) return { env: {}, drop() {} };
  const server = new URL(given), name = `fenlin_e2e_${process.pid}_${Date.now().toString(36)}`;
  const sql = (statement) => execFileSync("mariadb", ["--no-defaults", "--protocol=tcp", "-h", server.hostname, "-P", server.port || "3306", "-u", decodeURIComponent(server.username), "-e", statement], { env: { ...process.env, MYSQL_PWD: decodeURIComponent(server.password) }, stdio: ["ignore", "ignore", "inherit"] });
  sql(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  return { env: { FENLIN_DATABASE: new URL(name, given).href, ...(redis && { FENLIN_REDIS: redis }) }, drop: () => sql(`DROP DATABASE ${name}`) };
}

// open starts the demo, or gives the one that FENLIN_E2E_ADDRESS names; close ends it and removes its data.
export async function open() {
  const running = process.env.FENLIN_E2E_ADDRESS;
  if (running) return { address: running, given: true, close() {} };
  const folder = await mkdtemp(join(tmpdir(), "fenlin-e2e-"));
  const [port, admin] = [await freePort(), await freePort()];
  const address = `http://127.0.0.1:${port}`;
  const tables = database();
  let people = [];
  const program = spawn("bin/fenlin", ["serve", "--demo"], {
    env: { PATH: process.env.PATH, FENLIN_LISTEN: `127.0.0.1:${port}`, FENLIN_ADMIN_LISTEN: `127.0.0.1:${admin}`, FENLIN_DATA_DIR: folder, FENLIN_LOG_LEVEL: "debug", ...tables.env }, stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "", ended = false;
  const log = [];
  for (const stream of [program.stdout, program.stderr]) stream.on("data", (text) => { said = (said + text).slice(-4000); });
  program.stderr.on("data", (text) => log.push(text));
  program.on("exit", () => { ended = true; });
  const close = async () => {
    if (!ended) {
      program.kill("SIGTERM");
      await Promise.race([new Promise((done) => program.on("exit", done)), new Promise((done) => setTimeout(done, 10_000))]);
      program.kill("SIGKILL");
    }
    tables.drop();
    try {
      await silent(Buffer.concat(log), folder, people);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  for (let i = 0; i < 300; i++) {
    if (ended) break;
    try {
      if ((await fetch(`${address}/readyz`)).ok) {
        people = await (await fetch(`${address}/sim/people`)).json();
        return { address, given: false, close };
      }
    } catch { /* not yet */ }
    await new Promise((done) => setTimeout(done, 100));
  }
  await close();
  throw new Error(`the demo did not start:\n${said}`);
}

// silent throws when the program's log, at its most talkative, tells of people: of the sample's by
// name, of what is reported here, and of whatever looks like a phone, an openid, a door or a key.
async function silent(log, folder, people) {
  const known = join(folder, "known-words");
  await writeFile(known, [...new Set([...people.map((p) => p.name), ...wrong])].filter((word) => word.length > 1).join("\n"));
  const scan = spawnSync("go", ["run", "./scripts/logscan", known], { input: log, encoding: "utf8" });
  if (scan.status !== 0) throw new Error(`the log tells of people (${log.length} bytes):\n${scan.error ?? scan.stderr}`);
}

// client asks the API as one person.
export async function client(address, openid) {
  let token = "";
  const ask = async (method, path, body) => {
    const res = await fetch(address + path, { method, headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) }, body: body && JSON.stringify(body) });
    const text = await res.text();
    if (!res.ok) throw Object.assign(new Error(`${method} ${path}: ${res.status} ${text}`), { status: res.status });
    return text ? JSON.parse(text) : null;
  };
  const session = await ask("POST", "/api/v1/sessions", { code: `sim:${openid}`, client: "h5" });
  token = session.token;
  return { ask, token, me: session.me };
}

const wrong = ["楼道灯坏了", "电梯按钮失灵", "水管漏水", "下水道堵了", "垃圾没人清", "门禁刷不开", "晚上广场舞太吵", "路面坑洼"];

// live has residents report, and secretaries take some of it as far as the reporter's word.
export async function live(address) {
  const people = await (await fetch(`${address}/sim/people`)).json();
  const residents = people.filter((p) => p.roles.includes("resident")).slice(0, 60);
  const secretaries = people.filter((p) => p.roles.includes("branch_secretary"));
  for (const [i, who] of residents.entries()) {
    const desk = secretaries[i % 3 ? i % 12 : i % 40];
    const { ask } = await client(address, who.openid);
    let t;
    try {
      t = await ask("POST", "/api/v1/tickets", { text: `${desk.org}${1 + (i % 9)}号楼${1 + (i % 3)}单元${wrong[(i * 5) % wrong.length]}` });
    } catch (error) {
      if (error.status === 422 || error.status === 409) continue; // this one the city answers otherwise
      throw error;
    }
    if (i % 4 === 3) continue;
    const { ask: handle } = await client(address, desk.openid);
    for (const step of ["accept", "contact", "finish"].slice(0, 1 + (i % 5 > 0) + (i % 5 > 1))) {
      t = await handle("GET", `/api/v1/tickets/${t.number}`).catch(() => ({ actions: [] }));
      if (!t.actions.some((a) => a.action === step)) break;
      await handle("POST", `/api/v1/tickets/${t.number}/actions`, { action: step, version: t.version, note: "已到现场处理" });
    }
    if (!t.number) continue;
    t = await ask("GET", `/api/v1/tickets/${t.number}`);
    if (t.state !== "finished" || i % 7 === 6) continue;
    await ask("POST", `/api/v1/tickets/${t.number}/actions`, { action: "confirm", version: t.version, solved: i % 11 !== 5, satisfaction: ["satisfied", "satisfied", "basic", "dissatisfied"][i % 4], note: "" });
  }
  return people;
}
