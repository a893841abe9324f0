// Runs src/**/*.test.ts by Node's own runner: esbuild, which the build brings along, makes them JavaScript.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const tests = readdirSync("src", { recursive: true }).filter((f) => f.endsWith(".test.ts")).map((f) => `src/${f}`);
rmSync("build/tests", { recursive: true, force: true });
await build({
  entryPoints: tests, outdir: "build/tests", outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm", logLevel: "warning",
  alias: { "@": "./src" }, external: ["vue"], define: { "import.meta.env.VITE_SITE": "''" },
});
const made = readdirSync("build/tests", { recursive: true }).filter((f) => f.endsWith(".mjs")).map((f) => `build/tests/${f}`);
process.exit(spawnSync(process.execPath, ["--test", ...made], { stdio: "inherit" }).status ?? 1);
