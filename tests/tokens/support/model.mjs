// The rules told a second time, in few lines: what a store must answer when it is asked one thing after another, and what a
// presented refresh token means. Shares no code with the service, and races with nobody.

/** Something that must never happen, did. */
export class Violation extends Error {
  name = "Violation";
}

export function must(holds, what) {
  if (!holds) throw new Violation(what);
}

const seconds = (ms) => Math.floor(ms / 1000);
const NO_MARK = { epoch: 0, not_before: 0 };
/** Whether what stands there is the very write that is tried again, because its answer was lost. */
const isOwn = (held, record) => held?.write === record.write && held.revoked_at === null;
/** What no rotation may change. */
const FIXED = ["schema", "fam", "user", "tenant", "client", "created_at", "absolute_exp", "user_epoch", "tenant_epoch"];

export class Model {
  families = new Map();
  #marks = { user: new Map(), tenant: new Map() };
  #rules;

  /** @param rules `{ graceMs, idleSeconds, familySeconds }` */
  constructor(rules) {
    this.#rules = rules;
  }

  marksOf({ user, tenant }) {
    return { user: this.#marks.user.get(user) ?? NO_MARK, tenant: this.#marks.tenant.get(tenant) ?? NO_MARK };
  }

  load(at) {
    return { family: this.families.get(at.family) ?? null, ...this.marksOf(at) };
  }

  create(record) {
    const held = this.families.get(record.fam);
    if (isOwn(held, record)) return { done: true, ...this.marksOf(record) };
    if (held) return { done: false, loaded: this.load({ ...record, family: record.fam }) };
    must(record.seq === 1 && record.version === 1 && record.revoked_at === null, "a family does not begin at 1");
    must(record.successor_exp <= record.absolute_exp, "a first token outlives its family");
    this.families.set(record.fam, record);
    return { done: true, ...this.marksOf(record) };
  }

  rotate(expected, record) {
    const held = this.families.get(record.fam);
    const marks = this.marksOf(record);
    if (isOwn(held, record)) return { done: true, ...marks };
    if (!held || held.version !== expected || held.revoked_at !== null) {
      return { done: false, loaded: { family: held ?? null, ...marks } };
    }
    for (const member of FIXED) must(record[member] === held[member], `a rotation changes ${member}`);
    must(record.version === held.version + 1 && record.seq === held.seq + 1, "a rotation is not one step");
    must(record.successor_exp <= held.absolute_exp, "a rotation extends the absolute end");
    must(record.revoked_at === null, "a rotation revokes");
    this.families.set(record.fam, record);
    return { done: true, ...marks };
  }

  revoke({ family, user }, nowMs) {
    const held = this.families.get(family);
    if (!held || held.user !== user || held.revoked_at !== null) return { first: false };
    this.families.set(family, { ...held, revoked_at: nowMs, version: held.version + 1 });
    return { first: true };
  }

  revokeAll(target, nowMs) {
    const [[kind, id]] = Object.entries(target);
    const { epoch, not_before } = this.#marks[kind].get(id) ?? NO_MARK;
    const mark = { epoch: epoch + 1, not_before: Math.max(not_before, nowMs) };
    this.#marks[kind].set(id, mark);
    return mark;
  }

  /** Whether the family was revoked, by itself or with all of its user or tenant. Nothing undoes that. */
  isDead(fam) {
    const family = this.families.get(fam);
    const { user, tenant } = this.marksOf(family);
    const ends = (mark, epoch) => mark.epoch !== epoch || family.created_at <= mark.not_before;
    return family.revoked_at !== null || ends(user, family.user_epoch) || ends(tenant, family.tenant_epoch);
  }

  isExpired({ fam, exp }, nowMs) {
    const { absolute_exp, idle_exp } = this.families.get(fam);
    return seconds(nowMs) >= Math.min(exp, absolute_exp, idle_exp ?? Number.POSITIVE_INFINITY);
  }

  /** What a token `{ fam, seq, exp }` means when nobody interferes: `rotate`, `repeat`, `revoke` or `refuse`. */
  verdict(token, nowMs) {
    const family = this.families.get(token.fam);
    if (!family || this.isDead(token.fam) || this.isExpired(token, nowMs)) return "refuse";
    if (token.seq === family.seq) return "rotate";
    const elapsed = Math.max(0, nowMs - family.rotated_at_ms);
    return token.seq === family.seq - 1 && elapsed < this.#rules.graceMs ? "repeat" : "revoke";
  }
}
