// Pictures that outlive a closed page: a browser keeps them in IndexedDB, the mini-program as saved files.
import type { Picture } from "./picture";

/** savePicture keeps a picture under a key and gives the path to remember; error: the phone has no room or forbids it. */
export async function savePicture(key: string, picture: Picture): Promise<string> {
  // #ifdef H5
  await store("readwrite", (s) => s.put(picture.blob, key));
  return "";
  // #endif
  // #ifndef H5
  const saved = await uni.saveFile({ tempFilePath: picture.path });
  return saved.savedFilePath;
  // #endif
}

/** loadPicture is a kept picture; undefined when the phone has lost it. */
export async function loadPicture(key: string, path: string): Promise<Picture | undefined> {
  // #ifdef H5
  const blob = (await store("readonly", (s) => s.get(key))) as Blob | undefined;
  return blob && { path: URL.createObjectURL(blob), blob };
  // #endif
  // #ifndef H5
  return path ? { path } : undefined;
  // #endif
}

/** dropPicture forgets a kept picture. */
export async function dropPicture(key: string, path: string): Promise<void> {
  try {
    // #ifdef H5
    await store("readwrite", (s) => s.delete(key));
    // #endif
    // #ifndef H5
    await uni.removeSavedFile({ filePath: path });
    // #endif
  } catch {
    // it was gone
  }
}

// #ifdef H5
function store(mode: IDBTransactionMode, ask: (s: IDBObjectStore) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("fenlin-pictures", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pictures");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const tx = db.transaction("pictures", mode);
      const asked = ask(tx.objectStore("pictures"));
      tx.oncomplete = () => { db.close(); resolve(asked.result); };
      tx.onabort = tx.onerror = () => { db.close(); reject(tx.error); };
    };
  });
}
// #endif
