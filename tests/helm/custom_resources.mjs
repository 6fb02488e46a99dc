// node custom_resources.mjs FILE…: checks KEDA's, the operator's and the Gateway API's resources.
// Their validators know types, bounds and what is required, but pass unknown fields; so each
// resource is also given to the TypeScript compiler as a literal of its type, which does not.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";

const PACKAGES = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
};
const here = import.meta.dirname;
const literals = [];
let wrong = 0;

for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
    const resource = document.toJS();
    const [group] = (resource?.apiVersion ?? "").split("/");
    if (!(group in PACKAGES)) continue;
    const from = `${PACKAGES[group]}/${resource.apiVersion}/${resource.kind}`;
    const named = `${path.basename(file)}: ${resource.kind} ${resource.metadata.name}`;
    const { [resource.kind]: Model } = await import(from);
    try {
      new Model(resource).validate();
    } catch (error) {
      wrong += 1;
      console.log(`${named}: ${error.message}`);
    }
    const name = `${resource.kind}${literals.length}`;
    literals.push(`// ${named}
import type { I${resource.kind} as I${name} } from "${from}";
export const ${name}: I${name} = ${JSON.stringify(resource, null, 1)};
`);
  }
}

const folder = mkdtempSync(path.join(here, "typed-"));
try {
  const typed = path.join(folder, "resources.ts");
  writeFileSync(typed, literals.join("\n"));
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", typed];
  execFileSync(path.join(here, "node_modules/.bin/tsc"), options, { stdio: "inherit" });
} catch {
  wrong += 1;
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${literals.length} custom resources, ${wrong ? "some are wrong" : "all valid"}`);
process.exit(wrong || !literals.length ? 1 : 0);
