import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** One file for Node, wherever `--outDir` says. */
export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true },
  build: { ssr: here("./driver.ts"), target: "node20", emptyOutDir: true },
});
