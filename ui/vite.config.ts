import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const FONTS = ["geist", "geist-mono"];

/** The fonts' licence goes with them: Vite collects those of scripts only. */
const fontLicences: Plugin = {
  name: "font-licences",
  generateBundle() {
    for (const font of FONTS) {
      const path = `node_modules/@fontsource-variable/${font}/LICENSE`;
      const source = readFileSync(new URL(path, import.meta.url), "utf8");
      this.emitFile({ type: "asset", fileName: `licenses-${font}.txt`, source });
    }
  },
};

// Everything is a file of its own: the page's policy allows no inline script, style or font.
export default defineConfig({
  plugins: [fontLicences],
  build: {
    outDir: "../kubervisor/ui/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
  },
});
