/** hours is a time of volunteering in words: 2 小时 30 分钟. */
export function hours(minutes: number): string {
  const h = Math.floor(minutes / 60), m = minutes % 60;
  return [h && `${h} 小时`, (m || !h) && `${m} 分钟`].filter(Boolean).join(" ");
}
