// A token service and a store in a hundred lines, so that the model and the invariants can be tested themselves: as they
// should be, or with one fault planted. Signs with a key of the process, and is no example to follow.

import { createHmac, randomBytes } from "node:crypto";

const secret = randomBytes(32);
const seconds = (ms) => Math.floor(ms / 1000);
const NO_MARK = { epoch: 0, not_before: 0 };

/** What can be planted. Each must be found. */
export const STORE_FAULTS = ["forgets-version", "undoes-a-revocation", "stale-marks", "reads-a-copy", "mark-goes-back"];
export const SERVICE_FAULTS = [
  "trusts-old-marks",
  "repeats-unconfirmed",
  "extends-the-end",
  "moves-the-window",
  "spares-replay",
  "spares-ancestor",
  "race-is-replay",
  "new-bytes",
  "answers-unwritten",
  "ignores-epoch",
  "grace-too-long",
  "grace-too-short",
  "ignores-expiry",
  "logs-out-when-hook-is-down",
];

export function referenceStore(planted) {
  const families = new Map();
  const marks = { user: new Map(), tenant: new Map() };
  const marksOf = ({ user, tenant }) => ({
    user: marks.user.get(user) ?? NO_MARK,
    tenant: marks.tenant.get(tenant) ?? NO_MARK,
  });
  const copies = new Map();
  return {
    async load(at) {
      const family = families.get(at.family) ?? null;
      const copy = copies.get(at.family) ?? family;
      copies.set(at.family, family);
      return { family: planted === "reads-a-copy" ? copy : family, ...marksOf(at) };
    },
    async create(record) {
      const held = families.get(record.fam);
      if (held) return { done: false, loaded: { family: held, ...marksOf(record) } };
      families.set(record.fam, record);
      return { done: true, ...marksOf(record) };
    },
    async rotate(expected, record) {
      const held = families.get(record.fam);
      const isUndone = planted === "undoes-a-revocation" && held?.version === expected + 1 && held.revoked_at !== null;
      const isExpected = held?.version === expected || planted === "forgets-version";
      const isFit = isUndone || (held && isExpected && held.revoked_at === null);
      if (!isFit && held?.write !== record.write) {
        return { done: false, loaded: { family: held ?? null, ...marksOf(record) } };
      }
      if (isFit) families.set(record.fam, record);
      return { done: true, ...(planted === "stale-marks" ? { user: NO_MARK, tenant: NO_MARK } : marksOf(record)) };
    },
    async revoke({ family, user }, nowMs) {
      const held = families.get(family);
      if (!held || held.user !== user || held.revoked_at !== null) return { first: false };
      families.set(family, { ...held, revoked_at: nowMs, version: held.version + 1 });
      return { first: true };
    },
    async revokeAll(target, nowMs) {
      const [[kind, id]] = Object.entries(target);
      const { epoch, not_before } = marks[kind].get(id) ?? NO_MARK;
      const later = planted === "mark-goes-back" ? nowMs : Math.max(not_before, nowMs);
      marks[kind].set(id, { epoch: epoch + 1, not_before: later });
      return marks[kind].get(id);
    },
  };
}

/** The same methods as `httpDriver` has for the real one. */
export function referenceDriver({ store, now, entitlements, rules, planted }) {
  const graceMs = rules.graceMs + ({ "grace-too-long": 1, "grace-too-short": -1 }[planted] ?? 0);

  const sign = (claims) => {
    const body = ["{}", JSON.stringify(claims)].map((part) => Buffer.from(part).toString("base64url")).join(".");
    return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  };
  const read = (token) => {
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    return sign(claims) === token ? claims : undefined;
  };
  const answer = (record, iat = record.rotated_at_ms) => {
    const { fam, seq, user, tenant, successor_exp } = record;
    return { status: 200, refresh: sign({ fam, seq, sub: user, tid: tenant, iat: seconds(iat), exp: successor_exp }) };
  };
  const refused = { status: 400, error: "invalid_grant" };
  const retry = { status: 503 };

  const ends = (mark, epoch, family) =>
    (mark.epoch !== epoch && planted !== "ignores-epoch") || family.created_at <= mark.not_before;
  const isRevoked = ({ family, user, tenant }) =>
    family.revoked_at !== null || ends(user, family.user_epoch, family) || ends(tenant, family.tenant_epoch, family);

  function judge(loaded, token, seen) {
    const { family } = loaded;
    if (!family || isRevoked(loaded)) return "refuse";
    const end = Math.min(token.exp, family.absolute_exp, family.idle_exp ?? Number.POSITIVE_INFINITY);
    if (seconds(now()) >= end && planted !== "ignores-expiry") return "refuse";
    if (token.seq === family.seq) return "rotate";
    const isPredecessor = token.seq === family.seq - 1 || planted === "spares-ancestor";
    if (isPredecessor && Math.max(0, now() - family.rotated_at_ms) < graceMs) return "repeat";
    if (seen === token.seq && planted !== "race-is-replay") return "retry";
    return planted === "spares-replay" ? "refuse" : "revoke";
  }

  const rotated = (family) => {
    const end = planted === "extends-the-end" ? seconds(now()) + rules.familySeconds : family.absolute_exp;
    const idle_exp = rules.idleSeconds === null ? null : seconds(now()) + rules.idleSeconds;
    return {
      ...family,
      version: family.version + 1,
      seq: family.seq + 1,
      rotated_at_ms: now(),
      absolute_exp: end,
      idle_exp,
      successor_exp: Math.min(end, idle_exp ?? end),
      write: randomBytes(12).toString("base64url"),
    };
  };

  async function refresh(text) {
    const token = read(text);
    if (!token) return refused;
    const at = { family: token.fam, user: token.sub, tenant: token.tid };
    let loaded = await store.load(at);
    let seen;
    for (let round = 0; round < 3; round += 1) {
      let verdict = judge(loaded, token, seen);
      if (round === 0 && (verdict === "rotate" || verdict === "repeat")) {
        try {
          if (!(await entitlements(at))) return refused;
        } catch {
          return planted === "logs-out-when-hook-is-down" ? refused : retry;
        }
        verdict = judge(loaded, token, seen);
      }
      if (verdict === "repeat" && planted !== "repeats-unconfirmed") {
        loaded = await store.load(at);
        verdict = judge(loaded, token, seen);
      }
      if (verdict === "refuse") return refused;
      if (verdict === "retry") return retry;
      if (verdict === "revoke") {
        await store.revoke(at, now());
        return refused;
      }
      if (verdict === "repeat") {
        const window = { ...loaded.family, version: loaded.family.version + 1, rotated_at_ms: now() };
        if (planted === "moves-the-window") await store.rotate(loaded.family.version, window);
        return answer(loaded.family, planted === "new-bytes" ? now() : undefined);
      }
      const record = rotated(loaded.family);
      let written;
      try {
        written = await store.rotate(loaded.family.version, record);
      } catch (error) {
        if (planted === "answers-unwritten") return answer(record);
        throw error;
      }
      if (written.done) {
        const isOver = isRevoked({ ...written, family: record }) && planted !== "trusts-old-marks";
        return isOver ? refused : answer(record);
      }
      if (loaded.family.seq === token.seq) seen = token.seq;
      loaded = written.loaded;
    }
    return retry;
  }

  async function session({ user, tenant }) {
    const marks = await store.load({ family: null, user, tenant });
    if (!(await entitlements({ user, tenant }))) return refused;
    const record = rotated({
      schema: 1,
      fam: randomBytes(12).toString("base64url"),
      user,
      tenant,
      client: "web",
      version: 0,
      seq: 0,
      created_at: Math.max(now(), marks.user.not_before + 1, marks.tenant.not_before + 1),
      absolute_exp: seconds(now()) + rules.familySeconds,
      kid: "one",
      user_epoch: marks.user.epoch,
      tenant_epoch: marks.tenant.epoch,
      revoked_at: null,
    });
    const written = await store.create(record);
    return !written.done || isRevoked({ ...written, family: record }) ? retry : answer(record);
  }

  async function revoke(text) {
    const token = read(text);
    if (token) await store.revoke({ family: token.fam, user: token.sub }, now());
    return { status: 200 };
  }

  async function revokeAll(target) {
    await store.revokeAll(target, now());
    return { status: 200 };
  }

  const guarded = (method) => (argument) => method(argument).catch(() => retry);
  return {
    session: guarded(session),
    refresh: guarded(refresh),
    revoke: guarded(revoke),
    revokeAll: guarded(revokeAll),
  };
}
