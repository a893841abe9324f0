import { createSSRApp } from "vue";
import App from "./App.vue";
// #ifdef H5
import { keepLinks, pressByKey } from "./lib/browser";

keepLinks();
pressByKey();
// #endif

export function createApp() {
  return { app: createSSRApp(App) };
}
