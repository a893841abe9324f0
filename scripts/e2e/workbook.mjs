// The first sheet of a workbook: read as rows of texts and numbers, and filled.
import { crc32, inflateRawSync } from "node:zlib";

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

// filled is a workbook with rows of texts added below what its first sheet has.
export function filled(zip, rows) {
  const sheet = "xl/worksheets/sheet1.xml", text = (t) => t.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const files = [...parts(zip)].map(([name, content]) => {
    if (name !== sheet) return [name, content];
    const from = 1 + Math.max(0, ...[...content.matchAll(/<row r="(\d+)"/g)].map(([, r]) => Number(r)));
    const added = rows.map((row, i) => `<row r="${from + i}">${row.map((t, j) => `<c r="${String.fromCharCode(65 + j)}${from + i}" t="inlineStr"><is><t>${text(t)}</t></is></c>`).join("")}</row>`);
    return [name, content.replace("</sheetData>", `${added.join("")}</sheetData>`)];
  });
  const bodies = [], directory = [];
  let at = 0;
  for (const [name, content] of files) {
    const [path, body] = [Buffer.from(name), Buffer.from(content)], facts = Buffer.alloc(26); // from the version on: nothing is packed
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(body), 10);
    facts.writeUInt32LE(body.length, 14);
    facts.writeUInt32LE(body.length, 18);
    facts.writeUInt16LE(path.length, 22);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(at, 10);
    const head = Buffer.concat([Buffer.from("PK\x03\x04"), facts, path, body]);
    bodies.push(head);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), facts, more, path]));
    at += head.length;
  }
  const list = Buffer.concat(directory), end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, list, end]);
}
