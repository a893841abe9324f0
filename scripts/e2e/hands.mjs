// What a finger does. Buttons are clicked themselves, not the words on them.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** press taps what has this name: a button, or else a link, by its words or by what a screen reader says. */
export async function press(page, name) {
  const button = page.locator(`uni-button:visible:has-text("${name}"), [role=button]:visible:has-text("${name}"), [role=button][aria-label*="${name}"]:visible, [role=link]:visible:has-text("${name}")`);
  await button.first().click();
}

/** task opens one of the tasks of the desk: near at hand, or among the others. */
export async function task(page, name) {
  const exactly = new RegExp(`^\\s*${name}\\s*$`), near = page.locator("uni-button:visible", { hasText: exactly }), others = page.locator("uni-button:visible", { hasText: "其他工作" });
  await near.or(others).first().waitFor();
  if (await near.count()) return near.first().click();
  await others.click();
  await page.locator(".fen-cell:visible", { has: page.getByText(name, { exact: true }) }).click();
}

/** write fills the field with this label. */
export async function write(page, label, text) {
  await page.locator(`input[aria-label="${label}"]:visible, textarea[aria-label="${label}"]:visible`).first().fill(text);
}

/** read is what stands in the field with this label. */
export async function read(page, label) {
  return page.locator(`input[aria-label="${label}"], textarea[aria-label="${label}"]`).first().inputValue();
}

/** photograph chooses a picture where photos are asked for. */
export async function photograph(page, picture) {
  const folder = await mkdtemp(join(tmpdir(), "fenlin-photo-")), file = join(folder, "photo.png");
  await writeFile(file, picture);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.locator(".fen-shot-add:visible").click()]);
  await chooser.setFiles(file);
  page.on("close", () => rm(folder, { recursive: true, force: true }));
}
