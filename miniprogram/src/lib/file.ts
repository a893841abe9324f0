import { fetchPhoto } from "@/api";
import { Trouble } from "@/api/trouble";

/** openFile fetches a document of the API and opens it: the mini-program shows it, a browser downloads it. */
export async function openFile(url: string, name: string, fileType: "pdf" | "xlsx"): Promise<void> {
  const at = await fetchPhoto(url);
  // #ifdef H5
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
