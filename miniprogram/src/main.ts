import { createSSRApp } from "vue";
import App from "./App.vue";
// #ifdef H5
import { keepLinks } from "./lib/browser";

keepLinks();
// #endif

export function createApp() {
  return { app: createSSRApp(App) };
}
