import { say } from "@/state/go";
// #ifdef H5
import { inWeChat } from "./browser";
// #endif

/** The longer side of a picture that is sent, in pixels. */
export const LONGEST = 1600;
const QUALITY = 80;
/** What a phone can work on at most, in bytes. */
const HUGE = 60 * 1024 * 1024;

/** choosePictures asks for photos, taken or from the album: their paths, none when they chose none. */
export async function choosePictures(count: number): Promise<string[]> {
  // #ifdef H5
  if (inWeChat()) {
    try {
      const { photosInWeChat } = await import("./wechat");
      return (await photosInWeChat(count)).map((blob) => URL.createObjectURL(blob));
    } catch {
      // the browser can choose files too
    }
  }
  // #endif
  try {
    const res = await uni.chooseImage({ count, sizeType: ["compressed"], sourceType: ["album", "camera"] });
    const files = (Array.isArray(res.tempFiles) ? res.tempFiles : [res.tempFiles]) as { path: string; size: number }[];
    if (files.some((f) => f.size > HUGE)) say("有照片太大，请换一张");
    return files.filter((f) => f.size <= HUGE).map((f) => f.path).slice(0, count);
  } catch {
    return [];
  }
}

/** Picture is a picture ready to be sent. */
export interface Picture { path: string; blob?: Blob }

/** fit is how large a picture is sent: at most 1600 pixels long. */
export function fit(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGEST / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** shrink makes a picture at most 1600 pixels long, as JPEG. Error: words for people. */
export async function shrink(path: string): Promise<Picture> {
  // #ifdef H5
  return byCanvas(path);
  // #endif
  // #ifndef H5
  return byWeChat(path);
  // #endif
}

// #ifdef H5
async function byCanvas(path: string): Promise<Picture> {
  const img = new Image();
  img.src = path;
  try {
    await img.decode();
  } catch {
    throw new Error("这张照片打不开，请换一张（JPEG 或 PNG）");
  }
  const size = fit(img.naturalWidth, img.naturalHeight);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, size);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("浏览器不能处理照片，请换一个浏览器");
  pen.fillStyle = "#fff"; // what was transparent would be black
  pen.fillRect(0, 0, size.width, size.height);
  pen.drawImage(img, 0, 0, size.width, size.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY / 100));
  if (!blob) throw new Error("这张照片处理不了，请换一张");
  const file = new File([blob], "photo.jpg", { type: "image/jpeg" });
  return { path: URL.createObjectURL(file), blob: file };
}
// #endif

// #ifndef H5
async function byWeChat(path: string): Promise<Picture> {
  const { width, height } = await uni.getImageInfo({ src: path });
  const size = fit(width, height);
  try {
    const out = await uni.compressImage({ src: path, quality: QUALITY, compressedWidth: size.width, compressedHeight: size.height });
    return { path: out.tempFilePath };
  } catch {
    return { path }; // the server shrinks it too
  }
}
// #endif
