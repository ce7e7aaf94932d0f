// Turns the JSON Schema that the Rust types describe into the published schema and TypeScript types. Adds no rule.

import { writeFileSync } from "node:fs";
import { must, Trouble } from "./project.mjs";

const HEAD = `// Generated from the Rust types by \`npm run build\`. Never edited, never committed.
`;

/** Writes the schema and the types. @throws Trouble when the example does not print a schema */
export async function typesFromSchema(schemaFile, typescriptFile) {
  const cargo = ["run", "--quiet", "--example", "schema", "--features", "schema"];
  const printed = await must("printing the schema", "cargo", cargo, { quiet: true });
  const schema = parse(printed);
  writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`);
  const { compile } = await import("json-schema-to-typescript");
  const text = await compile(structuredClone(schema), schema.title ?? "Config", {
    bannerComment: HEAD,
    additionalProperties: false,
    unreachableDefinitions: true,
    strictIndexSignatures: true,
    style: { printWidth: 120 },
  });
  writeFileSync(typescriptFile, text);
}

function parse(printed) {
  try {
    return JSON.parse(printed);
  } catch (error) {
    throw new Trouble(`\`cargo run --example schema\` printed no JSON: ${error.message}`);
  }
}
