// Every problem of a configuration, with its place and how to mend it. The core judges; what it refuses is noted and taken out of a copy, and
// it is asked again, until it refuses nothing.

import { memberOf, type Place, Text, valueAt, type Way, wayOf } from "../place.js";
import { type Fault, firstFault, isMembers, type Kind, keyFault, type Members } from "./judge.js";
import { mendOf } from "./mends.js";
import { neutralise } from "./neutral.js";
import { type Note, warningsOf } from "./warnings.js";

/** After so many problems nobody reads on, and each took another look at the whole. */
const MAX_PROBLEMS = 500;
/** What the core is tried with at one member before lint gives up on it. */
const MAX_ATTEMPTS = 8;
const MAX_BYTES = 8 * 1024 * 1024;

/** One thing that is wrong, or, with `warning`, that is allowed and is seldom meant. */
export interface Finding extends Place {
  readonly severity: "error" | "warning";
  readonly member: string;
  readonly problem: string;
  readonly mend: string;
}

export interface Report {
  readonly kind: Kind;
  /** In the order of the text. */
  readonly findings: readonly Finding[];
  /** Whether the text may hold more than was found. */
  readonly more: boolean;
  /** The rules for which no tenant is compared, because they say so. */
  readonly anyTenant: readonly string[];
}

/** @param progress told how many problems were found, now and then */
export function lint(source: string, asked: Kind | undefined, progress: (found: number) => void): Report {
  const text = new Text(source);
  const findings: Finding[] = text.faults.map(({ way, place, problem, mend }) => ({
    severity: "error",
    member: memberOf(way),
    ...place,
    problem,
    mend,
  }));
  const document = text.value();
  const kind = asked ?? kindOfDocument(document);
  const add = (way: Way, fault: Fault, mend: string, isName: boolean) =>
    findings.push({
      severity: "error",
      member: memberOf(way),
      ...text.at(way, isName ? "name" : "value"),
      problem: fault.problem,
      mend,
    });
  const tooLong = new TextEncoder().encode(source).length > MAX_BYTES;
  if (!isMembers(document) || tooLong) {
    const problem = tooLong ? "expected at most 8 MiB of JSON" : "expected an object";
    if (findings.length === 0 || tooLong)
      add([], { member: "", problem }, mendOf({ member: "", problem }, [], document, []), false);
    return { kind, findings, more: true, anyTenant: [] };
  }
  if (text.isBroken) return { kind, findings, more: true, anyTenant: [] };
  const more = collect(kind, document, add, () => progress(findings.length));
  const { warnings, anyTenant } = warningsOf(document, kind);
  const isWrong = new Set(findings.map(({ member }) => member));
  for (const warning of warnings) {
    const member = memberOf(warning.way);
    if (!isWrong.has(member)) findings.push(warningAt(text, member, warning));
  }
  findings.sort((one, other) => one.line - other.line || one.column - other.column);
  return { kind, findings, more, anyTenant };
}

function warningAt(text: Text, member: string, { way, problem, mend }: Note): Finding {
  return { severity: "warning", member, ...text.at(way), problem, mend };
}

/** A document of a verifier has nothing that only a gate has. */
function kindOfDocument(document: unknown): Kind {
  const verifiers = ["issuers", "clockToleranceSeconds", "verifiedTokenCache"];
  const isVerifiers =
    isMembers(document) && "issuers" in document && Object.keys(document).every((name) => verifiers.includes(name));
  return isVerifiers ? "verifier" : "gate";
}

type Add = (way: Way, fault: Fault, mend: string, isName: boolean) => void;

/** Notes every fault; true when there may be more. */
function collect(kind: Kind, original: Members, add: Add, progress: () => void): boolean {
  const document = copyOf(original) as Members;
  const attempts = new Map<string, number>();
  const own = new Set<string>();
  for (let found = 0; found < MAX_PROBLEMS; ) {
    const fault = firstFault(kind, document);
    if (fault === null) return false;
    const way = wayOf(fault.member, document);
    const key = `${fault.member}\n${fault.problem}`;
    const attempt = attempts.get(key) ?? 0;
    if (attempt > MAX_ATTEMPTS) return true;
    attempts.set(key, attempt + 1);
    // What lint itself put there, or tried to take out before, is no fault of the configuration.
    if (attempt === 0 && !own.has(memberOf(way))) {
      found += tell(fault, way, original, add);
      progress();
    }
    const mended = neutralise(document, way, fault, attempt);
    if (mended !== null) own.add(memberOf(mended));
  }
  return true;
}

/** Tells of one fault; of a key set, of each key that is wrong in it. How many were told. */
function tell(fault: Fault, way: Way, original: Members, add: Add): number {
  const value = valueAt(original, way);
  const outer = valueAt(original, way.slice(0, -1));
  const beside = isMembers(outer) ? Object.keys(outer) : [];
  const keys = way.at(-1) === "jwks" && isMembers(value) ? value.keys : undefined;
  const wrong =
    Array.isArray(keys) && !fault.problem.startsWith("expected") && isMembers(outer) ? wrongKeys(keys, outer) : [];
  for (const [index, problem] of wrong) {
    const at = [...way, "keys", index];
    add(at, { member: "", problem }, mendOf({ member: "", problem }, way, undefined, []), false);
  }
  if (wrong.length > 0) return wrong.length;
  add(way, fault, mendOf(fault, way, value, beside), fault.problem.startsWith("unknown member"));
  return 1;
}

function wrongKeys(keys: readonly unknown[], issuer: Members): [index: number, problem: string][] {
  const algorithms = issuer.algorithms ?? ["RS256"];
  return keys.flatMap((key, index): [number, string][] => {
    const problem = keyFault(key, algorithms);
    return problem === null ? [] : [[index, problem]];
  });
}

/** Objects without a prototype, like those of the tree. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isMembers(value)) return value;
  const copy: Members = Object.create(null);
  for (const [name, one] of Object.entries(value)) copy[name] = copyOf(one);
  return copy;
}
