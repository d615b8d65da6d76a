import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { client } from "../vite.config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** One file for Node, wherever `--outDir` says. */
export default defineConfig({
  publicDir: false,
  resolve: { alias: client },
  ssr: { noExternal: true },
  build: { ssr: here("./phones.ts"), target: "node20", emptyOutDir: true },
});
