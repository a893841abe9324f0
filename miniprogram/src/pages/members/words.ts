// The words of members' codes that the API does not send itself.

/** Kinds of lines in a member's history. */
export const changeNames: Record<string, string> = {
  entered: "登记进台账", branch: "转到别的支部", category: "改类别", unit: "改工作单位", community: "改居住社区", corrected: "更正", membership: "预备转正", left: "移出台账",
};

export const educations = [
  { value: "none", text: "没上过学" }, { value: "primary", text: "小学" }, { value: "junior", text: "初中" }, { value: "senior", text: "高中、中专" },
  { value: "college", text: "大专" }, { value: "bachelor", text: "本科" }, { value: "master", text: "硕士" }, { value: "doctor", text: "博士" },
];

/** Why somebody leaves the ledger. */
export const leaveReasons = [
  { value: "moved", text: "组织关系转出本市" }, { value: "died", text: "去世" }, { value: "quit", text: "退党" }, { value: "expelled", text: "除名或开除党籍" }, { value: "mistake", text: "登记有误" },
];

/** Personal fields that are shown in part, and in full for a reason. */
export const secretFields = [{ value: "phone", text: "手机号" }, { value: "id_number", text: "身份证号" }, { value: "birth", text: "出生日期" }, { value: "address", text: "住址" }] as const;

/** startOfDay is the beginning of a day chosen in a picker, as the API takes it, in the city's zone. */
export function startOfDay(date: string): string { return `${date}T00:00:00+08:00`; }

/** remarkYears are the years of which a remark may be written: this one and the last. */
export function remarkYears(today: string): string[] {
  const year = Number(today.slice(0, 4));
  return [String(year), String(year - 1)];
}

/** As what somebody works for a community. */
export const workerKinds: Record<string, string> = { secretary: "社区书记", committee: "两委成员", graduate: "大学生" };
