/** Workbook is a file that somebody chose. */
export interface Workbook { name: string; bytes: number; path: string; blob?: Blob }

/** choose asks for a workbook: a browser for a file, the mini-program for one of a chat. Nothing chosen = undefined. */
export function choose(): Promise<Workbook | undefined> {
  return new Promise((resolve) => {
    // #ifdef H5
    uni.chooseFile({
      count: 1, type: "all", extension: [".xlsx"], fail: () => resolve(undefined),
      success: (got) => {
        const file = [got.tempFiles].flat()[0] as File | undefined, path = [got.tempFilePaths].flat()[0];
        resolve(file && path ? { name: file.name, bytes: file.size, path, blob: file } : undefined);
      },
    });
    // #endif
    // #ifdef MP-WEIXIN
    uni.chooseMessageFile({
      count: 1, type: "file", extension: ["xlsx"], fail: () => resolve(undefined),
      success: (got) => {
        const file = got.tempFiles[0];
        resolve(file && { name: file.name, bytes: file.size, path: file.path });
      },
    });
    // #endif
  });
}
