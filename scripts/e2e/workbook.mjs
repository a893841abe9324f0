// The first sheet of a workbook as rows of texts and numbers.
import { inflateRawSync } from "node:zlib";

function parts(zip) {
  const out = new Map();
  let at = zip.readUInt32LE(zip.lastIndexOf(Buffer.from("PK\x05\x06")) + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [packed, nameLength, extra, comment, start] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32), zip.readUInt32LE(at + 42)];
    const body = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    const raw = zip.subarray(body, body + packed);
    out.set(zip.toString("utf8", at + 46, at + 46 + nameLength), (zip.readUInt16LE(at + 10) ? inflateRawSync(raw) : raw).toString("utf8"));
    at += 46 + nameLength + extra + comment;
  }
  return out;
}

export function rowsOf(zip) {
  const sheet = parts(zip).get("xl/worksheets/sheet1.xml");
  if (/<f[ >]/.test(sheet)) throw new Error("a cell holds a formula");
  const plain = (xml) => xml.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;|&#34;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&");
  return [...sheet.matchAll(/<row[^>]*>(.*?)<\/row>/gs)].map(([, row]) => [...row.matchAll(/<c ([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)].map(([, kind, content = ""]) => (/t="/.test(kind) ? plain(content) : Number(plain(content)))));
}
