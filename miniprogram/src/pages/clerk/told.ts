// What is said of an import.
import type { components } from "@/api/schema";

export type Import = components["schemas"]["ImportView"];
type Problem = components["schemas"]["RowProblem"];

/** ended says that nothing more happens to an import. */
export function ended(job: Pick<Import, "state">): boolean { return job.state !== "queued" && job.state !== "running"; }

/** stateOf is how far an import has come, in a word. */
export function stateOf(job: Pick<Import, "state" | "dry_run" | "bad">): string {
  if (job.state === "queued") return "在排队";
  if (job.state === "running") return job.dry_run ? "正在检查" : "正在写入";
  if (job.state === "done") return job.dry_run ? "检查过，没有写入" : "已写入";
  if (job.state === "refused") return `有 ${job.bad} 处问题，没有写入`;
  return "系统出错，没有写入";
}

/** percent is how much of an import is done; undefined until its rows are counted. */
export function percent(job: Pick<Import, "total" | "done">): number | undefined {
  return job.total ? Math.min(100, Math.floor((100 * job.done) / job.total)) : undefined;
}

/** placeOf says where in the workbook a problem is, as people look for it. */
export function placeOf(p: Problem): string {
  return [p.sheet, p.line && `第 ${p.line} 行`, p.column].filter(Boolean).join("，") || "整份表格";
}

/** sizeOf is a size as people say it. */
export function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${Math.round((bytes / 1024 / 1024) * 10) / 10} MB`;
}

/** tooLarge says what to do about a workbook that the server would not take; empty when it would. */
export function tooLarge(bytes: number, most: number): string {
  return bytes > most ? `这份表格有 ${sizeOf(bytes)}，最多 ${sizeOf(most)}。请删去图片和用不到的工作表，或分成几份。` : "";
}
