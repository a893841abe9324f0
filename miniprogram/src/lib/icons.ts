// Icons as strokes on a 24 × 24 field, coloured by the text around them: no font, no pictures to fetch.
const shapes = {
  home: "M4 11 12 4l8 7M6 10v9h12v-9M10 19v-5h4v5",
  report: "M5 5h14v11H12l-4 4v-4H5zM9 9h6M9 12h4",
  tickets: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h4",
  activity: "M12 20s-7-4.4-7-9.3A3.9 3.9 0 0 1 12 8a3.9 3.9 0 0 1 7 2.7C19 15.6 12 20 12 20z",
  work: "M4 8h16v11H4zM9 8V5h6v3M4 13h16",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c.6-4 3.6-6 8-6s7.4 2 8 6",
  back: "M15 5l-7 7 7 7",
  go: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17l9-10",
  plus: "M12 5v14M5 12h14",
  camera: "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  place: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  phone: "M6 3h4l1.5 5L9 9.7a12 12 0 0 0 5.3 5.3L16 12.500l5 1.500v4c0 1.600-1.400 3-3 3C10.600 21 3 13.400 3 6c0-1.600 1.400-3 3-3z",
  warn: "M12 4 2.500 20h19zM12 10v5M12 17.500v.5",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 7.500v.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
  refresh: "M5 12a7 7 0 0 1 12-5l2 2M19 5v4h-4M19 12a7 7 0 0 1-12 5l-2-2M5 19v-4h4",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20",
  text: "M4 6h11M9.500 6v13M14 12h7M17.500 12v7",
  privacy: "M12 3l8 3v6c0 5-3.500 7.500-8 9-4.500-1.500-8-4-8-9V6zM9 12l2 2 4-4",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.5M4 12h.5M4 18h.5",
  scan: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M4 12h16",
  bell: "M6 17h12l-1.500-2.500V10a4.500 4.500 0 0 0-9 0v4.500zM10 20h4",
  chart: "M4 20h16M7 20v-8M12 20V5M17 20v-5",
  offline: "M3 3l18 18M5 12a10 10 0 0 1 3.500-2.300M19 12a10 10 0 0 0-6-2.900M8.500 15.500a5 5 0 0 1 7 0M12 19v.5",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-3 0-5-1-4-3s3.500 0 4 3c.5-3 3-5 4-3s-1 3-4 3z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
};

/** Icon is the name of an icon. */
export type Icon = keyof typeof shapes;

/** mask is an icon as CSS takes it. */
export function mask(name: string): string {
  const d = shapes[name as Icon] ?? shapes.info;
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#000' stroke-width='2' stroke-linecap='round' stroke-linejoin='round'><path d='${d}'/></svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
}
