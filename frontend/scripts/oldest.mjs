// Checks what was built, and what the packages brought with it, against the oldest browsers that package.json names.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import doiuse from "doiuse";
import { ESLint } from "eslint";
import compat from "eslint-plugin-compat";
import esX from "eslint-plugin-es-x";
import postcss from "postcss";
import { ASKED_FOR, BY_THE_MAP, HARMLESS } from "./oldest.known.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { browserslist } = JSON.parse(readFileSync(here("../package.json"), "utf8"));
const built = here("../../backend/console/static/console/");
if (!existsSync(`${built}assets`)) {
  console.error("The pages are not built: run `npm run build`.");
  process.exit(1);
}
const assets = readdirSync(`${built}assets`);
const read = (name) => readFileSync(`${built}assets/${name}`, "utf8");
/** The map is drawn by browsers with WebGL 2 alone, so not by the oldest Safari. */
const isOfMap = (name) => /maplibregl|mapWorker/.test(read(name));
const scripts = assets.filter((name) => name.endsWith(".js"));
const wrong = [
  ...(await scriptsBeyond(scripts.filter((name) => !isOfMap(name)), browserslist, ASKED_FOR)),
  ...(await scriptsBeyond(scripts.filter(isOfMap), browserslist.filter((each) => each.startsWith("chrome")), [...ASKED_FOR, ...BY_THE_MAP])),
  ...(await Promise.all(assets.filter((name) => name.endsWith(".css")).map(stylesBeyond))).flat(),
];
for (const line of new Set(wrong)) console.error(line);
process.exit(wrong.length > 0 ? 1 : 0);

async function scriptsBeyond(names, browsers, known) {
  const lint = new ESLint({
    cwd: built,
    overrideConfigFile: true,
    allowInlineConfig: false,
    cache: true,
    cacheStrategy: "content",
    cacheLocation: here("../node_modules/.cache/oldest/"),
    overrideConfig: [
      {
        languageOptions: { ecmaVersion: 2021, sourceType: "module" },
        settings: { browsers, targets: browsers },
        plugins: { compat, "es-x": esX },
        rules: { ...compat.configs["flat/recommended"].rules, ...esX.configs["flat/restrict-to-es2021"].rules },
      },
      { files: ["assets/floor-*.js"], languageOptions: { ecmaVersion: 5, sourceType: "script" } },
    ],
  });
  const results = await lint.lintFiles(names.map((name) => `assets/${name}`));
  return results.flatMap(({ filePath, messages }) =>
    messages.filter(({ message }) => !known.some((each) => message.includes(each))).map(({ message }) => `${filePath.slice(built.length)}: ${message}`),
  );
}

async function stylesBeyond(name) {
  const found = [];
  const onFeatureUsage = ({ feature, message, usage }) => {
    if (!(feature in HARMLESS)) found.push(`assets/${name}: ${message}: ${String(usage).slice(0, 80)}`);
  };
  await postcss([doiuse({ browsers: browserslist, onFeatureUsage })]).process(read(name), { from: undefined });
  // Chrome has it since 88, and leaves out the whole rule before.
  if (/:where\(/.test(read(name))) found.push(`assets/${name}: :where() is not understood by Chrome 87`);
  return found;
}
