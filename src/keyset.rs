//! An issuer's keys over time: a pure state machine that says use, fetch or unavailable. It never fetches, and it refuses
//! a set that is too old, an answer that comes too late, and a key id that means two keys.
//!
//! Times are Unix seconds. The distance between two of them counts, whichever is later: a clock that steps back makes a
//! set look old and a pause look over, never a set young for ever.

use crate::error::Error;
use crate::jwk::{Algorithm, Jwks, Key};
use crate::limits::{
    JWKS_BACKGROUND_SECONDS, JWKS_BACKOFF_FIRST_SECONDS, JWKS_BACKOFF_MAX_SECONDS, JWKS_FETCH_LOST_SECONDS,
    JWKS_FRESH_SECONDS, JWKS_RETRY_AFTER_MAX_SECONDS, JWKS_STALE_SECONDS, UNKNOWN_KID_BURST,
    UNKNOWN_KID_REFILL_SECONDS,
};
use crate::texts::fnv1a;

/// The keys of one issuer, either configured or fetched by the host.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    generation: u64,
    /// `None`: the keys are configured and never due.
    remote: Option<Remote>,
}

/// What a key set answers to a token's `kid` and `alg`.
#[derive(Debug, PartialEq)]
pub enum Lookup<'a> {
    /// Use this key.
    Key(&'a Key),
    /// Fetch the set, or wait for the fetch under way; then ask again, for the last time.
    Due,
    /// No key of the set has this id and algorithm.
    Unknown,
    /// Two different keys of this algorithm share the id.
    Ambiguous,
    /// There is no id, and more than one key fits.
    KidRequired,
    /// There is no set that may be used.
    Unavailable {
        /// Seconds until asking again makes sense, at least 1.
        retry_after_seconds: u32,
    },
}

/// A fetch that the host must now make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FetchStart {
    /// To be given back with the outcome.
    pub id: u64,
    /// A shared cache's copy may stand in for the answer when it was fetched at this time or later. `None`: only the
    /// issuer itself will do, because a token named a key that no copy may know yet.
    pub cached_since: Option<f64>,
}

#[derive(Debug)]
struct Remote {
    /// What the jitter starts from.
    seed: u64,
    fetched_at: Option<f64>,
    in_flight: Option<InFlight>,
    last_id: u64,
    /// Failures in a row.
    failures: u32,
    pause: Option<Pause>,
    bucket: Bucket,
}

#[derive(Debug)]
struct InFlight {
    id: u64,
    started: f64,
}

#[derive(Debug)]
struct Pause {
    since: f64,
    seconds: f64,
}

/// How many fetches unknown key ids may still cause.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    counted_at: f64,
}

impl KeySet {
    /// A configured set, which is never due.
    ///
    /// # Errors
    /// [`Error::JwksNoUsableKey`].
    ///
    /// ```
    /// use tollgate::{Jwks, KeySet};
    /// let empty = Jwks::parse(br#"{"keys":[]}"#, &[])?;
    /// assert_eq!(KeySet::fixed(empty).unwrap_err().code(), "jwks_no_usable_key");
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn fixed(jwks: Jwks) -> Result<Self, Error> {
        if jwks.keys.is_empty() {
            return Err(Error::JwksNoUsableKey);
        }
        Ok(Self { keys: jwks.keys, generation: 1, remote: None })
    }

    /// A set that the host fetches, empty as yet. `issuer` only seeds the jitter of the pauses after failures.
    ///
    /// ```
    /// use tollgate::{Algorithm, KeySet, Lookup};
    /// let set = KeySet::remote("https://issuer.example");
    /// assert_eq!(set.find(Some("k1"), Algorithm::Es256, 1_767_225_600.0, false), Lookup::Due);
    /// ```
    pub fn remote(issuer: &str) -> Self {
        let remote = Remote {
            seed: fnv1a(issuer.as_bytes()),
            fetched_at: None,
            in_flight: None,
            last_id: 0,
            failures: 0,
            pause: None,
            bucket: Bucket { tokens: UNKNOWN_KID_BURST, counted_at: 0.0 },
        };
        Self { keys: Vec::new(), generation: 0, remote: Some(remote) }
    }

    /// Looks up the key for a token. `last_try`: the caller has waited for a fetch, so the answer is never
    /// [`Lookup::Due`] but the best that there is.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm, now: f64, last_try: bool) -> Lookup<'_> {
        let Some(remote) = &self.remote else {
            return self.matching(kid, algorithm);
        };
        let (age, may_wait) = (remote.age(now), !last_try && !remote.is_pausing(now));
        if age >= JWKS_STALE_SECONDS {
            let retry_after_seconds = remote.seconds_until_retry(now);
            return if may_wait { Lookup::Due } else { Lookup::Unavailable { retry_after_seconds } };
        }
        if age >= JWKS_FRESH_SECONDS && may_wait {
            return Lookup::Due;
        }
        match self.matching(kid, algorithm) {
            Lookup::Unknown if may_wait && remote.would_fetch(now) => Lookup::Due,
            answer => answer,
        }
    }

    /// Whether the set is used but old enough to be refreshed while requests go on.
    pub fn background_due(&self, now: f64) -> bool {
        self.remote.as_ref().is_some_and(|remote| {
            remote.age(now) >= JWKS_BACKGROUND_SECONDS && !remote.is_fetching(now) && !remote.is_pausing(now)
        })
    }

    /// Starts a fetch. `None`: one is under way, or failures ask for a pause, or nothing is due: the set is young and
    /// unknown key ids have used up their share.
    pub fn begin_fetch(&mut self, now: f64) -> Option<FetchStart> {
        let remote = self.remote.as_mut()?;
        if !now.is_finite() || remote.is_fetching(now) || remote.is_pausing(now) {
            return None;
        }
        let cached_since = if remote.age(now) >= JWKS_BACKGROUND_SECONDS {
            Some(now - JWKS_BACKGROUND_SECONDS)
        } else {
            remote.bucket.take(now).then_some(())?;
            None
        };
        remote.last_id += 1;
        remote.in_flight = Some(InFlight { id: remote.last_id, started: now });
        Some(FetchStart { id: remote.last_id, cached_since })
    }

    /// Takes the outcome of fetch `id`. `fetched_at` is when the issuer gave the answer, earlier than `now` when it comes
    /// from a shared cache. `false`: nothing was taken, because the answer is late (another fetch has started since),
    /// or it is older than the set at hand or has no usable key, which count as failures.
    pub fn fetch_succeeded(&mut self, id: u64, now: f64, fetched_at: f64, jwks: Jwks) -> bool {
        let Some(remote) = self.remote.as_mut() else {
            return false;
        };
        if !remote.ends(id) {
            return false;
        }
        // A time still to come would keep the set young for too long.
        let fetched_at = if fetched_at > now { now } else { fetched_at };
        let is_newer = remote.fetched_at.is_none_or(|held| fetched_at >= held || held > now);
        if jwks.keys.is_empty() || !is_newer || distance(fetched_at, now) >= JWKS_STALE_SECONDS {
            remote.fail(now, None);
            return false;
        }
        remote.fetched_at = Some(fetched_at);
        remote.failures = 0;
        remote.pause = None;
        if self.keys != jwks.keys {
            self.generation += 1;
            self.replace(jwks.keys);
        }
        true
    }

    /// When the issuer gave the set that is used; none when it is configured, or there is none.
    pub(crate) fn fetched_at(&self) -> Option<f64> {
        self.remote.as_ref()?.fetched_at
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The ids of the keys of an algorithm.
    pub(crate) fn ids(&self, algorithm: Algorithm) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(move |key| key.algorithm() == algorithm).filter_map(Key::kid)
    }

    /// Forgets a fetched set, as if it had never been fetched. A configured one stays.
    pub(crate) fn forget(&mut self) {
        if let Some(remote) = self.remote.as_mut() {
            remote.fetched_at = None;
            self.keys = Vec::new();
            self.generation += 1;
        }
    }

    /// Takes the failure of fetch `id`; ignored when another fetch has started since. `retry_after` is in seconds, from
    /// the answer's `Retry-After`, if any.
    pub fn fetch_failed(&mut self, id: u64, now: f64, retry_after: Option<f64>) {
        if let Some(remote) = self.remote.as_mut()
            && remote.ends(id)
        {
            remote.fail(now, retry_after);
        }
    }

    /// Changes whenever the keys do; what was derived from keys of another generation is void.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    fn matching(&self, kid: Option<&str>, algorithm: Algorithm) -> Lookup<'_> {
        let fits = |key: &&Key| key.algorithm() == algorithm && (kid.is_none() || key.kid() == kid);
        let mut fitting = self.keys.iter().filter(fits);
        match fitting.next() {
            None => Lookup::Unknown,
            // The same key twice is one key.
            Some(first) if fitting.all(|other| other.same_material(first)) => Lookup::Key(first),
            Some(_) if kid.is_some() => Lookup::Ambiguous,
            Some(_) => Lookup::KidRequired,
        }
    }

    /// Keeps the keys that stay, with whatever they have computed so far.
    fn replace(&mut self, keys: Vec<Key>) {
        let mut held = std::mem::take(&mut self.keys);
        let keep = |key: Key| match held.iter().position(|old| *old == key) {
            Some(position) => held.swap_remove(position),
            None => key,
        };
        self.keys = keys.into_iter().map(keep).collect();
    }
}

impl Remote {
    /// How old the set is, in seconds; infinite when there is none.
    fn age(&self, now: f64) -> f64 {
        self.fetched_at.map_or(f64::INFINITY, |fetched_at| distance(fetched_at, now))
    }

    /// A fetch whose host went away must not stop all others for ever.
    fn is_fetching(&self, now: f64) -> bool {
        self.in_flight.as_ref().is_some_and(|fetch| distance(fetch.started, now) <= JWKS_FETCH_LOST_SECONDS)
    }

    fn is_pausing(&self, now: f64) -> bool {
        self.pause.as_ref().is_some_and(|pause| distance(pause.since, now) < pause.seconds)
    }

    /// Whether waiting can bring another set: [`KeySet::begin_fetch`] would start a fetch, or one is under way.
    fn would_fetch(&self, now: f64) -> bool {
        self.is_fetching(now) || self.age(now) >= JWKS_BACKGROUND_SECONDS || self.bucket.tokens_at(now) >= 1.0
    }

    fn seconds_until_retry(&self, now: f64) -> u32 {
        let left = self.pause.as_ref().map_or(0.0, |pause| pause.seconds - distance(pause.since, now));
        // At most JWKS_RETRY_AFTER_MAX_SECONDS, so the cast is exact.
        left.ceil().max(1.0) as u32
    }

    /// Ends the fetch under way if it is `id`.
    fn ends(&mut self, id: u64) -> bool {
        self.in_flight.take_if(|fetch| fetch.id == id).is_some()
    }

    /// The pause doubles from 1 s to 60 s, less up to a quarter, so that many gates do not all come back at once.
    fn fail(&mut self, now: f64, retry_after: Option<f64>) {
        let doubled = JWKS_BACKOFF_FIRST_SECONDS * 2f64.powi(self.failures.min(16) as i32);
        self.failures = self.failures.saturating_add(1);
        let jitter = mixed(self.seed ^ u64::from(self.failures)) as f64 / u64::MAX as f64;
        let backoff = doubled.min(JWKS_BACKOFF_MAX_SECONDS) * (1.0 - jitter / 4.0);
        let asked = retry_after.filter(|seconds| *seconds > 0.0).unwrap_or(0.0).min(JWKS_RETRY_AFTER_MAX_SECONDS);
        self.pause = Some(Pause { since: now, seconds: backoff.max(asked) });
    }
}

impl Bucket {
    fn tokens_at(&self, now: f64) -> f64 {
        let gained = distance(self.counted_at, now) / UNKNOWN_KID_REFILL_SECONDS;
        (self.tokens + gained).min(UNKNOWN_KID_BURST)
    }

    fn take(&mut self, now: f64) -> bool {
        let tokens = self.tokens_at(now);
        let taken = tokens >= 1.0;
        if taken {
            *self = Self { tokens: tokens - 1.0, counted_at: now };
        }
        taken
    }
}

/// Seconds between two times; infinite when one of them is not a number.
fn distance(one: f64, other: f64) -> f64 {
    let seconds = (one - other).abs();
    if seconds.is_nan() { f64::INFINITY } else { seconds }
}

/// The finaliser of SplitMix64: neighbouring inputs give unrelated outputs.
fn mixed(input: u64) -> u64 {
    let input = (input ^ (input >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let input = (input ^ (input >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    input ^ (input >> 31)
}

#[cfg(test)]
mod tests;
