import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The oldest browsers that the pages are made for, as the `browserslist` of package.json names them: chrome87, safari14 … */
const { browserslist } = JSON.parse(readFileSync(here("./package.json"), "utf8")) as { browserslist: string[] };
const oldest = browserslist.map((each) => each.replace("ios_saf", "ios").replace(" >= ", ""));

/** The client's sources, so that a change of them needs no build of its own. */
export const client = { "muster-client": here("../clients/typescript/src/index.ts") };

/** How `tsx` is written out: by the build's own compiler, without a plugin. */
export const jsx = { runtime: "automatic", importSource: "preact" } as const;

/** Put a script into what is built as it is written: it speaks to browsers that understand nothing newer. */
const asWritten = (path: string): Plugin => ({
  name: "as-written",
  apply: "build",
  generateBundle() {
    const source = readFileSync(here(`./${path}`), "utf8");
    this.emitFile({ type: "asset", name: path.split("/").pop()!, originalFileName: path, source });
  },
});

// The pages are Django templates: Vite builds only what they include, and the manifest tells the names.
export default defineConfig({
  base: "/static/console/",
  publicDir: here("./generated"),
  resolve: { alias: client },
  oxc: { jsx },
  build: {
    outDir: here("../backend/console/static/console"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: oldest,
    // The map library is one large file by nature; only the pages with a map load it.
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: {
        base: here("./src/pages/base.ts"),
        console: here("./src/pages/console.ts"),
        leader: here("./src/pages/leader.ts"),
        import: here("./src/pages/import.ts"),
        invitation: here("./src/pages/invitation.ts"),
        me: here("./src/pages/me.ts"),
        people: here("./src/pages/people.ts"),
        worker: here("./src/worker/worker.ts"),
      },
    },
  },
  plugins: [asWritten("src/floor/floor.js")],
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "happy-dom" },
});
