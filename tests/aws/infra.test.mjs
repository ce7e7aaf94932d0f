// infra/: formatted, as secure as it says, and valid where Terraform can say so. Applies nothing and calls no AWS.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { format } from "@cdktf/hcl-tools";
import { cacheSettings } from "tollgate/api-gateway";
import { createTriggers } from "tollgate/cognito";
import { API } from "./support/infra/api.mjs";
import { EDGE } from "./support/infra/edge.mjs";
import { EVERYTHING } from "./support/infra/everything.mjs";
import { documentOf, FOLDER, initArguments, runTerraform, source, terraform, texts } from "./support/infra/read.mjs";
import { TOKENS } from "./support/infra/tokens.mjs";
import { USERS } from "./support/infra/users.mjs";

/** Each is its name, a file, a text that stands there once, what replaces it in a copy, and how the promise is seen. */
const PROPERTIES = [...USERS, ...API, ...TOKENS, ...EDGE, ...EVERYTHING];

const { lacking } = terraform();

describe("infra: the format", () => {
  test("every file is as terraform fmt writes it", async () => {
    const files = Object.entries(texts(".tf", ".tfvars.example", ".tftest.hcl"));
    assert.ok(files.length >= 10);
    for (const [name, text] of files) assert.equal(await format(text), text, name);
  });

  test("what formats is HCL's own, and finds a line out of place", async () => {
    assert.equal(await format('a = 1\nlonger= "x"\n'), 'a      = 1\nlonger = "x"\n');
  });

  test("terraform fmt -check agrees", { skip: lacking }, () => {
    const { status, output } = runTerraform(["fmt", "-check", "-recursive", "-no-color"], FOLDER);
    assert.equal(status, 0, output);
  });
});

describe("infra: the properties", () => {
  const files = texts(".tf");

  for (const [name, file, from, to, holds] of PROPERTIES) {
    test(name, async () => {
      assert.ok(holds(await documentOf(files)), "it does not hold");
      assert.equal(files[file].split(from).length, 2, `the edit is for one place in ${file}`);
      const broken = { ...files, [file]: files[file].replace(from, () => to) };
      assert.ok(!holds(await documentOf(broken)), "it holds of files in which it is broken");
    });
  }

  // catalogue: O08
  test("CloudFront keeps no answer and gives the origin all that a viewer sent, so no two users' answers mix", async () => {
    const infra = await documentOf(files);
    const { default_cache_behavior: behaviors } = infra.resource("aws_cloudfront_distribution", "edge");
    const [{ cache_policy_id, origin_request_policy_id, forwarded_values }] = behaviors;
    const policies = ["cache", "origin_request"].map((kind) => infra.all(`aws_cloudfront_${kind}_policy`, "data"));
    assert.deepEqual(
      policies.map((found) => found.map(({ name }) => name)),
      [["disabled"], ["all_viewer"]],
    );
    assert.match(cache_policy_id, /aws_cloudfront_cache_policy\.disabled\.id/);
    assert.match(origin_request_policy_id, /aws_cloudfront_origin_request_policy\.all_viewer\.id/);
    assert.equal(forwarded_values, undefined);
  });

  test("the functions are what the zips export", async () => {
    const infra = await documentOf(files);
    const triggers = createTriggers({ permissions: () => null });
    assert.deepEqual(Object.values(infra.local("triggers")).sort(), Object.keys(triggers).sort());
    assert.equal(infra.resource("aws_lambda_function", "edge").handler, "index.handler");
    assert.equal(infra.module("authorizer").handler, "index.handler");
  });

  test("how long answers are kept by default is what cacheSettings says of any configuration", async () => {
    const config = JSON.parse(source("tollgate.json"));
    const { default: kept } = (await documentOf(files)).variable("authorizer_cache");
    assert.deepEqual(kept, cacheSettings(config, { event: "http" }));
  });

  test("every variable is described, typed and, but for switches, validated", async () => {
    for (const { file, name, block } of (await documentOf(files)).variables()) {
      assert.match(block.description ?? "", /\.$/, name);
      assert.ok(block.type, name);
      const isInner = file.startsWith("function");
      if (!isInner && !block.type.includes("bool")) assert.ok(block.validation?.length > 0, `${name} takes anything`);
    }
  });

  test("what has no default is what nobody else can choose, and the README's settings name it", async () => {
    const variables = (await documentOf(files)).variables().filter(({ file }) => file === "variables.tf");
    const compulsory = variables.filter(({ block }) => !Object.hasOwn(block, "default")).map(({ name }) => name);
    const expected = [
      "authorizer_zip",
      "edge_certificate_arn",
      "edge_domain",
      "edge_origin",
      "edge_zip",
      "ses_identity_arn",
      "triggers_zip",
    ];
    assert.deepEqual(compulsory.sort(), expected);
    const { "terraform.tfvars.example": example } = texts(".tfvars.example");
    const named = [...example.matchAll(/^(\w+) *=/gm)].map(([, name]) => name);
    for (const name of compulsory) assert.ok(named.includes(name), `${name} is not in the example`);
    for (const name of named)
      assert.ok(
        variables.some((known) => known.name === name),
        `${name} is no variable`,
      );
  });
});

describe("infra: checkov", { skip: process.env.TOLLGATE_CHECKOV_MISSING || false }, () => {
  const report = (folder) => {
    const args = [
      "-m",
      "checkov.main",
      "--directory",
      folder,
      "--framework",
      "terraform",
      "--skip-download",
      "--output",
      "json",
    ];
    // Nothing is asked of anyone: no key, no proxy that would answer.
    const env = { ...process.env, LOG_LEVEL: "ERROR", CHECKOV_CREATE_COMMENTS_FOR_SKIPS: "", BC_API_KEY: "" };
    const { stdout, stderr } = spawnSync(process.env.TOLLGATE_CHECKOV, args, {
      env,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    assert.ok(stdout.startsWith("{"), stderr);
    return JSON.parse(stdout);
  };

  test("no check fails that is not explained beside it", () => {
    const { summary, results } = report(FOLDER);
    assert.deepEqual(
      results.failed_checks.map(({ check_id, resource }) => `${check_id} ${resource}`),
      [],
    );
    assert.equal(summary.parsing_errors, 0);
    assert.ok(summary.passed > 200, `${summary.passed} checks passed`);
  });

  test("each explanation says why, and without it the check fails", () => {
    const explained = new Set();
    const copy = copyOf();
    try {
      for (const [name, text] of Object.entries(texts(".tf"))) {
        for (const [, id, reason] of text.matchAll(/#checkov:skip=(\w+):(.*)/g)) {
          assert.ok(reason.split(" ").length >= 4, `${name}: ${id} is not explained`);
          explained.add(`/${name} ${id}`);
        }
        writeFileSync(join(copy, name), text.replace(/^ *#checkov:skip=.*\n/gm, ""));
      }
      const failed = new Set(report(copy).results.failed_checks.map((check) => `${check.file_path} ${check.check_id}`));
      assert.deepEqual([...failed].sort(), [...explained].sort());
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  test("checkov finds a table without a key", () => {
    const copy = copyOf();
    try {
      writeFileSync(
        join(copy, "tokens.tf"),
        texts("tokens.tf")["tokens.tf"].replace("    kms_key_arn = aws_kms_key.home.arn\n", ""),
      );
      assert.ok(report(copy).results.failed_checks.some(({ check_id }) => check_id === "CKV_AWS_119"));
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});

describe("infra: terraform", () => {
  let copy;
  let unable = lacking;
  before(() => {
    if (unable) return;
    copy = copyOf();
    const { status } = runTerraform(initArguments(), copy);
    if (status !== 0) unable = "terraform cannot get its AWS provider: infra/ was NOT validated";
  });
  after(() => copy && rmSync(copy, { recursive: true, force: true }));

  test("terraform validate says that it is valid", (t) => {
    if (unable) return t.skip(unable);
    const { status, output } = runTerraform(["validate", "-no-color"], copy);
    assert.equal(status, 0, output);
  });

  test("terraform plans it, and refuses what the variables refuse", (t) => {
    if (unable) return t.skip(unable);
    writeFileSync(join(copy, "tests", "empty.zip"), "");
    const { status, output } = runTerraform(["test", "-no-color"], copy);
    assert.equal(status, 0, output);
    assert.match(output, /Success! \d\d passed, 0 failed\./);
  });
});

/** infra/ elsewhere, so that nothing is written into the repository. */
function copyOf() {
  const copy = mkdtempSync(join(tmpdir(), "tollgate-infra-"));
  cpSync(FOLDER, copy, { recursive: true, filter: (name) => !name.includes(".terraform") });
  return copy;
}
