/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the mini-program finds the server: https://… without a slash at the end. */
  readonly VITE_SITE?: string;
}
