import { fetchFile } from "@/api";
import { Trouble } from "@/api/trouble";
// #ifdef H5
import { inWeChat } from "./browser";
// #endif

type Kind = "pdf" | "xlsx";

/** openFile fetches a document of the API and opens it: the mini-program shows it, a browser downloads it, the one inside WeChat can do neither; a picture all show. */
export async function openFile(url: string, name: string, fileType: Kind): Promise<void> {
  const { at, type } = await fetchFile(url);
  if (type.startsWith("image/")) {
    uni.previewImage({ urls: [at] });
    return;
  }
  // #ifdef H5
  if (inWeChat()) throw new Trouble("微信里存不了文件。请在手机或电脑的浏览器里打开汾邻，登录后再取", -1, "open");
  const a = document.createElement("a");
  a.href = at;
  a.download = name.endsWith(`.${fileType}`) ? name : `${name}.${fileType}`;
  document.body.appendChild(a);
  a.click();
  a.remove();
  // #endif
  // #ifndef H5
  await new Promise<void>((resolve, reject) => {
    uni.openDocument({ filePath: at, fileType, showMenu: true, success: () => resolve(), fail: () => reject(new Trouble("手机打不开这份文件，请换一部手机，或在电脑上打开汾邻", -1, "open")) });
  });
  // #endif
}

/** chooseFile has a PDF or a picture chosen; undefined: none was. Error: a Trouble. */
export async function chooseFile(): Promise<ArrayBuffer | undefined> {
  // #ifdef H5
  const res = await uni.chooseFile({ count: 1, extension: [".pdf", ".jpg", ".jpeg", ".png"] }).catch(() => undefined);
  const file = (Array.isArray(res?.tempFiles) ? res.tempFiles[0] : res?.tempFiles) as File | undefined;
  return file?.arrayBuffer();
  // #endif
  // #ifndef H5
  const path = await new Promise<string>((resolve) => {
    uni.chooseMessageFile({ count: 1, type: "all", extension: ["pdf", "jpg", "jpeg", "png"], success: (res) => resolve(res.tempFiles[0]?.path ?? ""), fail: () => resolve("") });
  });
  if (!path) return undefined;
  return new Promise((resolve, reject) => {
    uni.getFileSystemManager().readFile({
      filePath: path, success: (res) => resolve(res.data as ArrayBuffer), fail: () => reject(new Trouble("这份文件读不出来，请换一份", -1, "file")),
    });
  });
  // #endif
}
