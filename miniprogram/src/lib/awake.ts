/** awake keeps the phone's screen on while something is held up; where the phone cannot, it goes off as always. */
export function awake(on: boolean): void {
  // #ifdef H5
  wanted = on;
  if (on) void hold();
  else void lock?.release().catch(() => {});
  // #endif
  // #ifndef H5
  uni.setKeepScreenOn({ keepScreenOn: on, fail: () => {} });
  // #endif
}

// #ifdef H5
let wanted = false, lock: WakeLockSentinel | undefined, watching = false;

async function hold(): Promise<void> {
  try {
    lock = await navigator.wakeLock?.request("screen");
    if (!wanted) await lock?.release();
  } catch {
    // the phone forbids it: its battery is low
  }
  if (watching) return;
  watching = true;
  document.addEventListener("visibilitychange", () => { if (wanted && document.visibilityState === "visible") void hold(); }); // a hidden page loses it
}
// #endif
