// Random histories of a few families: what clients, thieves, clocks and failing stores do to them, by a seed. Each call of the
// store is held against the model, and each answer against what must never happen.

import { isDeepStrictEqual } from "node:util";
import { FAULTS, faulty } from "./faults.mjs";
import { Model, must, Violation } from "./model.mjs";
import { Random } from "./random.mjs";
import { currentRequest, Scheduler } from "./scheduler.mjs";

/** 1 January 2100, in milliseconds: what ended by the clock of a Durable Object itself would be deleted. */
export const START = 4_102_444_800_000;
/** What is configured, in turn: the usual; no window at all; the widest, and an end to those who are idle. */
export const RULES = [
  { graceMs: 10_000, idleSeconds: null, familySeconds: 2_592_000 },
  { graceMs: 0, idleSeconds: null, familySeconds: 7_200 },
  { graceMs: 60_000, idleSeconds: 3_700, familySeconds: 10_000 },
];
const CLOCK_STEPS = [-60_000, -5_000, -1, 1, 999, 4_000, 9_999, 10_000, 10_001, 61_000, 3_600_000];

/**
 * What a service under test is given: everything that has to do with the world goes through the history of the request that
 * asks.
 *
 * @param raw the store
 * @param error `(operation, reason) => Error`, what a store rejects with
 */
export function world(raw, error) {
  const checked = Object.fromEntries(
    ["load", "create", "rotate", "revoke", "revokeAll"].map((operation) => [
      operation,
      (...args) => currentRequest().history.apply(raw, operation, args, currentRequest()),
    ]),
  );
  const store = faulty(checked, () => currentRequest().nextFault(), {
    error,
    turn: () => currentRequest().history.scheduler.turn(),
    later: (work) => currentRequest().history.postpone(currentRequest(), work),
    crash: () => currentRequest().crash(),
  });
  return {
    store,
    now: () => currentRequest().history.now,
    entitlements: () => currentRequest().history.entitle(currentRequest()),
  };
}

/** One request, and what it saw. */
class Request {
  calls = 0;
  writes = 0;
  /** The number of the last event at which it read the store, or was told by the hook. */
  lastEvent = -1;
  isAbandoned = false;

  constructor(history, round, step) {
    Object.assign(this, { history, round, ...step });
    this.id = history.requests++;
    this.crashed = new Promise((resolve) => {
      this.crash = () => {
        resolve({ status: "crashed" });
        return history.scheduler.abandon();
      };
    });
  }

  nextFault() {
    const { at, kind } = this.fault ?? {};
    const fault = this.calls === at ? kind : undefined;
    this.calls += 1;
    return fault;
  }
}

export class History {
  requests = 0;
  events = 0;
  now = START;
  /** What happened, for whoever has to understand a violation. */
  log = [];
  violations = [];
  counts = { answers: 0, repeats: 0, replays: 0, faults: 0, races: 0 };
  /** By family: the tokens that a client got, by number. */
  held = new Map();
  /** Every token that was answered, by family and number, also when its answer was lost. */
  issued = new Map();
  deadSince = new Map();
  #postponed = [];

  constructor(seed, rules, { prefix = "" } = {}) {
    this.random = new Random(seed);
    this.rules = rules;
    this.model = new Model(rules);
    this.scheduler = new Scheduler(this.random);
    this.users = ["ann", "bob"].map((name) => `${prefix}${name}-${seed}`);
    this.tenants = ["acme", "ying"].map((name) => `${prefix}${name}-${seed}`);
  }

  /** Plays 4 to 12 rounds on `driver`, and then asks once more for every family. */
  async play(driver) {
    await this.#round(driver, [this.#session()], true);
    const rounds = this.random.whole(4, 12);
    for (let number = 0; number < rounds && this.violations.length === 0; number += 1) {
      await this.#round(driver, this.#steps());
    }
    while (this.#postponed.length > 0) this.#resume(this.#postponed.pop());
    await this.scheduler.run();
    for (const fam of this.held.keys()) await this.#round(driver, [{ kind: "refresh", ...this.#newest(fam) }], true);
    return this.violations;
  }

  #session() {
    return { kind: "session", user: this.random.pick(this.users), tenant: this.random.pick(this.tenants) };
  }

  #newest(fam) {
    const tokens = this.held.get(fam);
    return { token: tokens.get(Math.max(...tokens.keys())) };
  }

  /** What happens at once in the next round. */
  #steps() {
    const { random } = this;
    const shape = random.weighted({ refresh: 50, race: 25, revoke: 5, revokeAll: 4, session: 5, clock: 18 });
    if (shape === "clock") return [this.#step("clock")];
    if (shape !== "race") return [this.#step(shape)];
    const fam = random.pick([...this.held.keys()]);
    const mix = { refresh: 70, revoke: 6, revokeAll: 5, session: 3, clock: 8 };
    return Array.from({ length: random.whole(2, 4) }, () => this.#step(random.weighted(mix), fam));
  }

  #step(kind, fam = this.random.pick([...this.held.keys()])) {
    const { random } = this;
    if (fam === undefined || kind === "session") return { ...this.#session(), ...this.#faults() };
    if (kind === "clock") return { kind, delta: random.pick(CLOCK_STEPS) };
    if (kind === "revokeAll") {
      const target = random.chance(0.5) ? { user: random.pick(this.users) } : { tenant: random.pick(this.tenants) };
      return { kind, target, ...this.#faults() };
    }
    const numbers = [...this.held.get(fam).keys()].sort((one, other) => other - one);
    const back = Math.min(random.weighted({ 0: 65, 1: 25, 2: 10 }), numbers.length - 1);
    const token = this.held.get(fam).get(numbers[back]);
    return { kind, token, ...this.#faults(), isReplyLost: random.chance(0.15) };
  }

  #faults() {
    const { random } = this;
    const fault = random.chance(0.25) ? { at: random.whole(0, 2), kind: random.pick(FAULTS) } : undefined;
    if (fault) this.counts.faults += 1;
    return { fault, hook: random.weighted({ up: 92, down: 5, gone: 3 }) };
  }

  async #round(driver, steps, isCalm = false) {
    const round = { least: this.now, most: this.now };
    if (!isCalm) {
      // What was written late is written in between.
      this.#postponed = this.#postponed.filter((request) => this.random.chance(0.5) || this.#resume(request));
    }
    const requests = steps.map((step) => new Request(this, round, isCalm ? { ...step, hook: "up" } : step));
    if (requests.length > 1) this.counts.races += 1;
    const isAlone = requests.length === 1 && this.scheduler.isIdle;
    const outcomes = requests.map((request) => this.#ask(driver, request, isAlone));
    await this.scheduler.run();
    for (const judge of await Promise.all(outcomes)) this.#guard(judge);
  }

  /** Starts a request; resolves to the judgement of its answer. */
  async #ask(driver, request, isAlone) {
    const { kind } = request;
    const expected = kind === "refresh" ? this.#expectation(request, isAlone) : () => {};
    const work = () => {
      if (kind === "clock") return this.#clock(request);
      if (kind === "session") return driver.session(request);
      return driver[kind](request.target ?? request.token.text);
    };
    const launched = this.scheduler.launch(request, work).then((answer) => {
      // Judged in the state in which it was given, not after others went on.
      if (!request.isAbandoned) this.#guard(() => this.#judge(request, answer));
      return answer;
    });
    const answer = await Promise.race([launched, request.crashed]);
    this.log.push(line(request, answer));
    return () => expected(answer);
  }

  #guard(check) {
    try {
      check();
    } catch (error) {
      this.violations.push(error instanceof Violation ? error.message : `${error.stack}`);
    }
  }

  async #clock({ delta, round }) {
    await this.scheduler.turn();
    this.now += delta;
    this.#seen(round);
    return { status: "clock" };
  }

  #seen(round) {
    round.least = Math.min(round.least, this.now);
    round.most = Math.max(round.most, this.now);
  }

  /** What must come of a refresh that nobody interferes with, and what of one whose token was used up before it began. */
  #expectation(request, isAlone) {
    const { token, fault, hook, round } = request;
    const before = this.model.verdict(token, this.now);
    const isPlain = fault === undefined && hook === "up";
    return (answer) => {
      const family = this.model.families.get(token.fam);
      if (isPlain && isAlone) {
        const wanted = before === "rotate" || before === "repeat" ? 200 : 400;
        must(answer.status === wanted, `a refresh that means "${before}" is answered ${answer.status}, not ${wanted}`);
        const writes = { rotate: 1, repeat: 0, revoke: 1, refuse: 0 }[before];
        must(request.writes === writes, `a refresh that means "${before}" writes ${request.writes} times`);
        if (before === "repeat") this.counts.repeats += 1;
        if (before === "revoke") this.counts.replays += 1;
      }
      const isReplay = token.seq < family.seq && before === "revoke" && round.least === round.most;
      if (isPlain && isReplay) {
        must(answer.status === 400, `a replay is answered ${answer.status}`);
        must(this.model.isDead(token.fam), "a replay leaves the family alive");
      }
    };
  }

  /** What must hold of any answer, whatever goes on beside it. */
  #judge(request, answer) {
    this.counts.answers += 1;
    const { kind } = request;
    if (kind === "clock") return;
    must([200, 400, 503].includes(answer.status), `${kind} is answered ${answer.status}`);
    if (kind === "revoke" && answer.status === 200) {
      const isOver = this.model.isDead(request.token.fam) || this.model.isExpired(request.token, request.round.most);
      must(isOver, "a revocation is confirmed, and the family lives");
    }
    if (kind === "revokeAll" && answer.status === 200)
      must(request.writes > 0, "a revocation of all is confirmed, unwritten");
    if (kind === "refresh" && answer.status === 400) {
      const isOver = this.model.isDead(request.token.fam) || this.model.isExpired(request.token, request.round.most);
      must(isOver || request.hook === "gone", "someone is logged out for nothing");
    }
    if (answer.status === 200 && (kind === "refresh" || kind === "session"))
      this.#issued(request, readToken(answer.refresh));
  }

  #issued(request, token) {
    const family = this.model.families.get(token.fam);
    must(family, "a token of a family that was never written");
    must(request.hook !== "gone" && request.hook !== "down", "a token without the hook's word");
    must(!(this.deadSince.get(token.fam) <= request.lastEvent), "a token after the revocation was committed");
    must(token.exp <= family.absolute_exp, "a token outlives its family");
    must(token.exp > Math.floor(request.round.least / 1000), "a token that has expired already");
    const name = `${token.fam}.${token.seq}`;
    must((this.issued.get(name) ?? token.text) === token.text, "two successors of one token");
    this.issued.set(name, token.text);
    if (request.kind === "refresh") {
      must(
        token.fam === request.token.fam && token.seq === request.token.seq + 1,
        "not the successor of what was presented",
      );
      must(request.current === token.seq, "the successor was replaced before it was answered again");
      // Its own rotation, or another's in time; whether a later one followed since does not matter.
      const isInTime = elapsed(family, request.round.least) < this.rules.graceMs || family.seq !== token.seq;
      must(request.rotates || isInTime, "a successor is answered again after its window");
    }
    if (request.isReplyLost) return;
    const tokens = this.held.get(token.fam) ?? new Map();
    this.held.set(token.fam, tokens.set(token.seq, token));
  }

  /** The entitlements hook: late, down, or told that the user has left. */
  async entitle(request) {
    await this.scheduler.turn();
    this.#event(request);
    if (request.hook === "down") throw new Error("the hook is down");
    return request.hook === "gone" ? null : { member: true, plan: "pro" };
  }

  /** Asks the real store, then the model, and holds one against the other. */
  async apply(raw, operation, args, request) {
    let result;
    try {
      result = await raw[operation](...args);
    } catch (error) {
      this.violations.push(`${operation} failed: ${error.message}`);
      throw error;
    }
    this.#guard(() => {
      if (operation === "revoke" && request.kind === "refresh") this.#mayRevoke(request);
      if (operation === "create" || operation === "rotate") this.#mayWrite(operation, args.at(-1), request);
      const before = this.model.families.get(operation === "rotate" ? args[1].fam : undefined)?.version;
      const expected = this.model[operation](...args);
      must(
        isDeepStrictEqual(plain(result), plain(expected)),
        `${operation} answers ${JSON.stringify(result)}, not ${JSON.stringify(expected)}`,
      );
      if (operation !== "load" && (operation !== "rotate" || result.done)) request.writes += 1;
      if (operation === "rotate" && result.done && before !== args[1].version) request.rotates = true;
    });
    if (operation === "load") request.saw ??= result.family?.seq;
    this.#event(request);
    return result;
  }

  /** A record's times are those of the request, and its ends as far off as configured. */
  #mayWrite(operation, record, { round }) {
    const { familySeconds, idleSeconds } = this.rules;
    const [least, most] = [round.least, round.most].map((ms) => Math.floor(ms / 1000));
    const isIn = (value, after) => value >= least + after && value <= most + after;
    must(record.rotated_at_ms >= round.least && record.rotated_at_ms <= round.most, "a rotation of another time");
    must(operation === "rotate" || isIn(record.absolute_exp, familySeconds), "a family that lasts another time");
    must(idleSeconds === null || isIn(record.idle_exp, idleSeconds), "an idle end that is another");
    must(idleSeconds !== null || record.idle_exp === null, "an idle end that nobody asked for");
    const end = Math.min(record.absolute_exp, record.idle_exp ?? record.absolute_exp);
    must(record.successor_exp === end, "a token ends with neither its family nor its idle time");
  }

  /** A refresh may revoke a family only for a replay: not for a lost race, and not for an answer that was lost in time. */
  #mayRevoke({ token, saw, round }) {
    const family = this.model.families.get(token.fam);
    must(!this.model.isExpired(token, round.least), "an expired token ends a family");
    must(token.seq < family.seq, "a current token ends its family");
    must(saw !== token.seq, "a lost race is called a replay");
    if (token.seq < family.seq - 1 || family.revoked_at !== null) return;
    const isLate = elapsed(family, round.most) >= this.rules.graceMs;
    must(isLate, "a lost answer, asked for again in time, ends the family");
  }

  #event(request) {
    this.events += 1;
    request.lastEvent = this.events;
    request.current = this.model.families.get(request.token?.fam)?.seq;
    for (const fam of this.model.families.keys()) {
      if (!this.deadSince.has(fam) && this.model.isDead(fam)) this.deadSince.set(fam, this.events);
    }
  }

  postpone(request, work) {
    this.#postponed.push({ request, work });
  }

  #resume({ request, work }) {
    this.scheduler.later(request, work);
    return false;
  }
}

/** A clock that stepped back finds no time passed. */
const elapsed = (family, now) => Math.max(0, now - family.rotated_at_ms);

/** Members in one order, and without those that are not set. */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** A request in words, without its tokens. */
function line({ id, kind, token, target, delta, user, tenant, fault, hook, isReplyLost }, { status }) {
  const about = token ? `${token.fam}.${token.seq}` : JSON.stringify(target ?? delta ?? { user, tenant });
  const trouble = [
    fault && `${fault.kind} at call ${fault.at}`,
    hook !== "up" && hook && `hook ${hook}`,
    isReplyLost && "reply lost",
  ];
  return `${id} ${kind} ${about} -> ${[status, ...trouble.filter(Boolean)].join(", ")}`;
}

/** The claims of a refresh token that a history needs, unverified. */
export function readToken(text) {
  const { fam, seq, exp } = JSON.parse(Buffer.from(text.split(".")[1], "base64url"));
  return { text, fam, seq, exp };
}
