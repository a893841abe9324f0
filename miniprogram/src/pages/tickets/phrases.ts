// Quick replies: what who works on a ticket writes most, by action. A phrase is a start; the person may go on writing.

const phrases: Record<string, string[]> = {
  accept: ["收到，马上去看。", "已安排人员处理。"],
  contact: ["已电话联系报事人，约好上门时间。", "已到现场看过。", "打了电话没有人接，稍后再打。"],
  finish: ["已修好，现场试过，能正常使用。", "已清理干净。", "已向报事人说明情况，报事人认可。", "已更换损坏的部件。"],
  transfer: ["这件事由对方负责。", "地点不在我负责的范围。"],
  return: ["不属于我的职责。", "地点写错了，请重新派单。"],
  extend: ["配件还没有到，到货就装。", "要等天气好了才能施工。", "需要和几家住户商量。"],
  suspend: ["需要动用维修资金，正在办手续。", "等统一施工。"],
  whistle: ["小区解决不了，请到现场一起看。", "有安全隐患，请尽快到场。"],
  arrive: ["已到现场。"],
  consult: ["请各方一起商量办法。"],
  resume: ["已经商量好办法，开始办理。", "条件具备了，继续办理。"],
  decide: ["情况属实，同意。", "请在原时限内办好。"],
  add: ["请说一下什么时候在家，方便上门。", "请补一张照片。", "正在办理，有进展再告诉您。"],
  close: ["已回访，报事人说解决了。"],
};

/** phrasesOf are the quick replies of an action, none when it has none. */
export function phrasesOf(action: string): string[] { return phrases[action] ?? []; }

/** withPhrase is a note with a phrase at its end, once. */
export function withPhrase(note: string, phrase: string): string {
  const before = note.trim();
  if (before.includes(phrase)) return note;
  return before && !/[。！？；，]$/.test(before) ? `${before}。${phrase}` : before + phrase;
}
