// Checks the types of our own code. The kit's wd-slider has three errors that are not ours.
import { spawnSync } from "node:child_process";

const run = spawnSync(process.execPath, ["node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit", "--pretty", "false"], { encoding: "utf8" });
let ours = true;
const lines = `${run.stdout}${run.stderr}`.split("\n").filter((line) => {
  if (/^\S/.test(line)) ours = !line.startsWith("node_modules/wot-design-uni/"); // what follows, indented, belongs to it
  return ours && line.trim();
});
if (lines.length) {
  console.error(lines.join("\n"));
  process.exit(1);
}
