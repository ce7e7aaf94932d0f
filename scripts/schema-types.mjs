// Turns the JSON Schema that the Rust types describe into the published schema and TypeScript types. Adds no rule.

import { writeFileSync } from "node:fs";
import { must, Trouble } from "./project.mjs";

const HEAD = `// Generated from the Rust types by \`npm run build\`. Never edited, never committed.
`;

/** What the generator adds to each comment about its own bookkeeping. */
const REFERENCED = /(?: \*\n)?^ \* This interface was referenced by .*\n^ \* via the .*\n/gm;

/** Writes the schema and the types. @throws Trouble when the example does not print a schema */
export async function typesFromSchema(schemaFile, typescriptFile) {
  const cargo = ["run", "--quiet", "--example", "schema", "--features", "schema"];
  const printed = await must("printing the schema", "cargo", cargo, { quiet: true });
  const schema = parse(printed);
  writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`);
  const { compile } = await import("json-schema-to-typescript");
  const text = await compile(inOlderWords(schema), schema.title ?? "Config", {
    bannerComment: HEAD,
    additionalProperties: false,
    unreachableDefinitions: true,
    strictIndexSignatures: true,
    style: { printWidth: 120 },
  });
  writeFileSync(typescriptFile, text.replace(REFERENCED, ""));
}

function parse(printed) {
  try {
    return JSON.parse(printed);
  } catch (error) {
    throw new Trouble(`\`cargo run --example schema\` printed no JSON: ${error.message}`);
  }
}

/** The same schema in the words that the types' generator knows: a tuple's items are not yet `prefixItems` there. */
function inOlderWords(part) {
  if (Array.isArray(part)) return part.map(inOlderWords);
  if (part === null || typeof part !== "object") return part;
  const { prefixItems, ...rest } = Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, inOlderWords(value)]),
  );
  return prefixItems ? { ...rest, items: prefixItems, additionalItems: false } : rest;
}
