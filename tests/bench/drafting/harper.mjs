// Times and findings of harper.js on files: harper.mjs MODULES FILE…
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const entry = async (name) => import(pathToFileURL(`${modules}/harper.js/dist/${name}`).href);
const { LocalLinter } = await entry("index.js");
const { binary } = await entry("binary.js");
const linter = new LocalLinter({ binary });
await linter.setup();
await linter.lint("Warm up.", { language: "markdown" });
const told = {};
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const times = [];
  let findings = 0;
  for (let round = 0; round < 3; round += 1) {
    const begin = performance.now();
    findings = (await linter.lint(text, { language: "markdown" })).length;
    times.push(performance.now() - begin);
  }
  told[file] = { ms: times.sort((a, b) => a - b)[1], findings };
}
console.log(JSON.stringify(told));
