// What differs between the two builds, in one place.

/** site is where the server is; the pages of a browser come from it. */
export function site(): string {
  // #ifdef H5
  return "";
  // #endif
  // #ifndef H5
  return import.meta.env.VITE_SITE ?? "";
  // #endif
}

/** client is what the session's API calls this build. */
export function client(): "h5" | "miniprogram" {
  // #ifdef H5
  return "h5";
  // #endif
  // #ifndef H5
  return "miniprogram";
  // #endif
}
