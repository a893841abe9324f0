// The Chinese words of the API's codes that it does not send itself.

/** Roles, as people call them. */
export const roleNames: Record<string, string> = {
  resident: "居民", member: "在职党员", household_hub: "党员中心户", group_leader: "楼栋党小组长", branch_secretary: "小区党支部书记", grid_worker: "网格员",
  community_secretary: "社区党组织书记", subdistrict_secretary: "街道党工委书记", city_secretary: "市委社会工作部", property_manager: "物业经理", department: "部门",
  clerk: "台账管理员", operator: "系统管理员", privacy_officer: "个人信息保护负责人",
};

/** How a ticket's state looks: green is done, amber waits for somebody, grey is over without work. */
export function toneOf(state: string): "green" | "blue" | "amber" | "grey" {
  if (state === "closed") return "green";
  if (["withdrawn", "merged", "rejected", "excluded"].includes(state)) return "grey";
  if (["finished", "reopened", "returned", "suspended"].includes(state)) return "amber";
  return "blue";
}

/** over says whether nothing more will be done about a ticket. */
export function over(state: string): boolean {
  return ["closed", "withdrawn", "merged", "rejected", "excluded"].includes(state);
}

/** Grades: within how long a ticket is to be finished. */
export const gradeNames: Record<string, string> = { "2h": "2 小时", "24h": "24 小时", "7d": "7 天", "15d": "15 天" };

export const satisfactions = [
  { value: "satisfied", text: "满意" },
  { value: "basic", text: "基本满意" },
  { value: "dissatisfied", text: "不满意" },
];

interface Where { compound: { name: string } | null; building: string; unit: string; floor?: string; room?: string }

/** placeOf is a place in words: 福馨苑 3号楼 2单元 5层 501室. */
export function placeOf(w: Where, unknown = "位置待确认"): string {
  const parts = [w.compound?.name, w.building && `${w.building}号楼`, w.unit && `${w.unit}单元`, w.floor && `${w.floor}层`, w.room && `${w.room}室`];
  return parts.filter(Boolean).join(" ") || unknown;
}

/** phonesIn finds the numbers to call in a piece of advice. */
export function phonesIn(text: string): string[] {
  return [...new Set(text.match(/(?<!\d)(?:1(?:10|19|20|22)|9\d{4}|12345|0\d{2,3}-?\d{7,8})(?!\d)/g) ?? [])];
}
