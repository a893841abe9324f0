import { createSSRApp } from "vue";
import App from "./App.vue";
// #ifdef H5
import { keepLinks, namePictures, pressByKey } from "./lib/browser";

keepLinks();
pressByKey();
namePictures();
// #endif

export function createApp() {
  return { app: createSSRApp(App) };
}
