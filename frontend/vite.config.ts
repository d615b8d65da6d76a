import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The pages are Django templates: Vite builds only what they include, and the manifest tells the names.
export default defineConfig({
  base: "/static/console/",
  publicDir: here("./generated"),
  build: {
    outDir: here("../backend/console/static/console"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
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
        worker: here("./src/worker/worker.ts"),
      },
    },
  },
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"], environment: "happy-dom" },
});
