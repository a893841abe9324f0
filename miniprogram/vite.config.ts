import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import uniPkg from "@dcloudio/vite-plugin-uni";

// eslint-style interop: the package is CommonJS, its function stands under default.
const uni = (uniPkg as any).default ?? uniPkg;

const h5 = process.env.UNI_PLATFORM !== "mp-weixin";

// The kit's icons and the framework's pictures point to foreign hosts, which nothing
// of ours may ask: the font comes from the package, the pictures are never shown.
function ownHosts(): Plugin {
  const font = /@font-face\s*\{[^}]*wd-icons[^}]*\}/g;
  const inline = () => readFileSync("node_modules/wot-design-uni/components/wd-icon/wd-icons.ttf").toString("base64");
  return {
    name: "own-hosts",
    enforce: "pre",
    transform(code, id) {
      if (!/wd-icon[/\\]index\.scss|wd-icon\.vue.*lang\.scss/.test(id) || !code.includes("@font-face")) return null;
      const src = h5 ? "./wd-icons.ttf" : `data:font/ttf;base64,${inline()}`;
      return code.replace(font, "") + `\n@font-face { font-family: 'wd-icons'; src: url('${src}') format('truetype'); }\n`;
    },
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "asset" && typeof file.source === "string" && /\.(css|wxss)$/.test(file.fileName)) {
          file.source = file.source.replace(/url\((['"]?)https?:[^)]*\)/g, "none");
        }
      }
    },
  };
}

// aria-role is WeChat's word for role; a browser knows only role, and readers stumble over the other.
function onlyRole(): Plugin {
  return {
    name: "only-role",
    enforce: "pre",
    transform: (code, id) => (h5 && id.includes("/src/") && /\.vue$/.test(id) ? code.replace(/\s:?aria-role="[^"]*"/g, "") : null),
  };
}

// Most people open the home page, and its parts are most pages' parts: the browser fetches them beside the
// framework, not after it. On slow 4G that is one wait less.
function homeAtOnce(): Plugin {
  return {
    name: "home-at-once",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        if (!h5 || !bundle) return [];
        const named = new Map(Object.values(bundle).map((f) => [f.fileName, f]));
        const home = [...named.values()].find((f) => f.type === "chunk" && f.moduleIds.some((m) => /pages\/home\/home\.vue/.test(m)));
        const wanted = new Set<string>(), styles = new Set<string>();
        const want = (name: string) => {
          const chunk = named.get(name);
          if (chunk?.type !== "chunk" || chunk.isEntry || wanted.has(name)) return;
          wanted.add(name);
          (chunk as unknown as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss.forEach((css) => styles.add(css));
          chunk.imports.forEach(want);
        };
        if (home) want(home.fileName);
        return [
          ...[...wanted].map((name) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `/app/${name}` } })),
          ...[...styles].map((name) => ({ tag: "link", attrs: { rel: "stylesheet", crossorigin: true, href: `/app/${name}` } })),
        ].map((t) => ({ ...t, injectTo: "head" as const }));
      },
    },
  };
}

export default defineConfig({
  base: h5 ? "/app/" : undefined,
  plugins: [ownHosts(), onlyRole(), homeAtOnce(), uni()],
  build: { target: "es2018", chunkSizeWarningLimit: 900 },
  css: { preprocessorOptions: { scss: { quietDeps: true } } },
});
