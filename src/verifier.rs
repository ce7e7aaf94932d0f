//! Issuers, their keys and their rules: from a token's text to a principal. The issuer's own keys choose the
//! algorithm; the token's header may only agree.

mod explain;
mod members;

use std::collections::BinaryHeap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::cache::{Cache, Found, Passed, Slot};
use crate::claims::{ClaimRules, Principal, PrincipalRef, Times};
use crate::config::{self, AlgorithmName, Preset, VerifiedTokenCache, VerifierConfig};
use crate::error::Error;
use crate::jwk::{self, Algorithm, Key, SkippedKey};
use crate::keyset::{FetchStart, KeySet, Lookup};
use crate::limits::{
    FETCHED_KEY_SET_BYTES, KEY_BYTES, KEY_SET_BYTES, MAX_CLOCK_TOLERANCE_SECONDS, MAX_UNIX_TIME_SECONDS,
};
use crate::texts::fnv1a;
use crate::token::{UntrustedToken, Verified};
use members::{check_members, locate};

pub use explain::TokenExplanation;

/// Verifies tokens of the configured issuers.
///
/// ```
/// let verifier = tollgate::Verifier::from_json(r#"{ "issuers": [{
///     "issuer": "https://issuer.example", "audience": "https://api.example",
///     "algorithms": ["ES256"], "jwksUri": "https://issuer.example/jwks.json" }] }"#)?;
/// let error = verifier.verify("not a token", 1_767_225_600.0, tollgate::Try::Last).unwrap_err();
/// assert_eq!(error.code(), "malformed_token");
/// # Ok::<(), tollgate::Error>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<Issuer>,
    /// Hashes of the issuers' names and their positions, in order: a look-up reads one short list, and a name or two.
    by_name: Vec<(u64, u32)>,
    tolerance: f64,
    /// What the key sets of all issuers take, in bytes, as [`KEY_SET_BYTES`] counts.
    key_bytes: usize,
    cache: Option<Mutex<Cache>>,
}

#[derive(Debug)]
struct Issuer {
    name: String,
    algorithms: Vec<Algorithm>,
    types: Types,
    claims: ClaimRules,
    jwks_uri: Option<String>,
    keys: KeySet,
    /// What the set takes, in bytes.
    key_bytes: usize,
}

/// The `typ` values that are allowed. Few issuers have their own, and the others share theirs.
#[derive(Debug)]
enum Types {
    Usual(&'static [Option<&'static str>]),
    Own(Vec<Option<String>>),
}

/// Whether the host can still fetch keys for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Answer [`Error::KeysDue`] when a fetch could change the answer.
    First,
    /// Answer with the keys at hand.
    Last,
}

/// A verified token and who it speaks for.
#[derive(Debug)]
pub struct Verification {
    /// The token, whose claims can now be read.
    pub token: Arc<Verified>,
    /// Who it speaks for.
    pub principal: Principal,
    /// Position of its issuer in the configuration.
    pub issuer: usize,
    /// Whether its signature was checked earlier, as `verifiedTokenCache` allows.
    pub cached: bool,
}

/// A token whose signature holds, of an issuer whose rules it has yet to meet. [`Signed::judge`] alone reads it, and
/// [`Signed::judge_known`] what it read once.
pub(crate) struct Signed<'v> {
    verifier: &'v Verifier,
    issuer: &'v Issuer,
    /// Position of its issuer in the configuration.
    pub(crate) index: usize,
    text: &'v [u8],
    token: Arc<Verified>,
    now: f64,
    /// What the cache had of it, if it had it.
    held: Option<Held>,
}

/// What the cache holds of a token, beside the token.
#[derive(Clone, Copy)]
struct Held {
    slot: Slot,
    times: Times,
    /// Whether the host keeps what it was told about the token: [`Verifier::set_known`].
    is_known: bool,
}

/// What a token says that met its issuer's rules: a [`Verification`] that borrows.
#[cfg_attr(not(feature = "js"), expect(dead_code, reason = "Rust callers are given the principal as their own"))]
pub(crate) struct Judged<'s> {
    pub(crate) token: &'s Verified,
    pub(crate) principal: PrincipalRef<'s>,
    /// Where the cache holds it now.
    pub(crate) held: Option<Slot>,
}

impl Signed<'_> {
    /// Judges the claims. A token that meets the rules is kept, and one that meets them no longer is forgotten.
    ///
    /// # Errors
    /// Any error of claims.
    pub(crate) fn judge(&self) -> Result<Judged<'_>, Error> {
        let principal = self.issuer.claims.check(self.token.claims(), self.now, self.verifier.tolerance);
        let principal = principal.inspect_err(|_| self.forget())?;
        let held = self.held.map(|held| held.slot).or_else(|| self.keep(principal.times()));
        Ok(Judged { token: &self.token, principal, held })
    }

    /// [`Signed::judge`] for a token about which the host was told before: answers where the cache holds it, and none about any
    /// other. It met the rules of this very verifier, which never change; only the time does, so only that is judged again.
    ///
    /// # Errors
    /// Those of times.
    #[cfg_attr(not(feature = "js"), cfg_attr(not(test), expect(dead_code, reason = "only JavaScript keeps answers")))]
    pub(crate) fn judge_known(&self) -> Result<Option<Slot>, Error> {
        let Some(Held { slot, times, is_known: true }) = self.held else { return Ok(None) };
        let judged = self.issuer.claims.check_times(times, self.now, self.verifier.tolerance);
        judged.inspect_err(|_| self.forget())?;
        Ok(Some(slot))
    }

    fn keep(&self, times: Times) -> Option<Slot> {
        if self.verifier.cache.is_none() { None } else { self.put(times) }
    }

    /// Puts it into the cache.
    #[inline(never)]
    fn put(&self, times: Times) -> Option<Slot> {
        let (issuer, generation, token) = (self.index, self.issuer.keys.generation(), Arc::clone(&self.token));
        self.verifier.cache()?.keep(self.text, Passed { issuer, generation, times, token }, self.now)
    }

    /// Whether its signature was checked earlier.
    pub(crate) const fn was_cached(&self) -> bool {
        self.held.is_some()
    }

    #[cold]
    #[inline(never)]
    fn forget(&self) {
        if let (Some(held), Some(mut cache)) = (self.held, self.verifier.cache()) {
            cache.remove(held.slot);
        }
    }
}

/// What became of a fetched key set.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchOutcome {
    /// The set is in use.
    Kept {
        /// How many keys it has.
        keys: usize,
        /// The keys that can't be used.
        skipped: Vec<SkippedKey>,
        /// Positions of the issuers whose sets were forgotten for it, because all together took too much memory.
        dropped: Vec<usize>,
    },
    /// A newer set is in use already.
    Late,
    /// The body is no usable key set.
    Failed(Error),
}

impl Verifier {
    /// Reads a verifier's configuration: `issuers` and `clockToleranceSeconds`.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::new(config::parse(json)?)
    }

    /// Builds a verifier.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn new(mut config: VerifierConfig) -> Result<Self, Error> {
        Self::compile(&mut config.issuers, config.clock_tolerance_seconds, config.verified_token_cache.as_ref())
    }

    /// Takes out of the issuers what is kept.
    pub(crate) fn compile(
        issuers: &mut [config::Issuer],
        tolerance_seconds: u32,
        cache: Option<&VerifiedTokenCache>,
    ) -> Result<Self, Error> {
        if tolerance_seconds > MAX_CLOCK_TOLERANCE_SECONDS {
            return Err(config::fault(format_args!("clockToleranceSeconds"), "expected 0 to 300"));
        }
        if issuers.is_empty() {
            return Err(config::fault(format_args!("issuers"), "expected at least one issuer"));
        }
        let cache = cache.map(new_cache).transpose()?;
        let mut verifier = Self { tolerance: f64::from(tolerance_seconds), cache, ..Self::of_nobody() };
        for (index, issuer) in issuers.iter_mut().enumerate() {
            verifier.issuers.push(Issuer::compile(format_args!("issuers[{index}]"), issuer)?);
        }
        verifier.key_bytes = verifier.issuers.iter().map(|issuer| issuer.key_bytes).sum();
        if verifier.key_bytes > KEY_SET_BYTES - FETCHED_KEY_SET_BYTES {
            return Err(config::fault(
                format_args!("issuers"),
                "expected keys of at most 39 MiB in all, at 2,560 bytes each beside their text",
            ));
        }
        // A configuration is shorter than 4 GiB, and so is the list.
        for (issuer, index) in verifier.issuers.iter().zip(0..) {
            verifier.by_name.push((fnv1a(issuer.name.as_bytes()), index));
        }
        if verifier.by_name.len() > 1 {
            verifier.sort_names();
        }
        let first = |issuer: &Issuer| verifier.find(&issuer.name);
        match verifier.issuers.iter().enumerate().find(|(index, issuer)| first(issuer) != Some(*index)) {
            None => Ok(verifier),
            Some((index, issuer)) => Err(twice(first(issuer).unwrap_or_default(), index)),
        }
    }

    #[inline(never)]
    fn sort_names(&mut self) {
        self.by_name = BinaryHeap::from(std::mem::take(&mut self.by_name)).into_sorted_vec();
    }

    /// The position of the issuer called `name`, the first if there were two.
    fn find(&self, name: &str) -> Option<usize> {
        let hash = fnv1a(name.as_bytes());
        let from = self.by_name.partition_point(|(other, _)| *other < hash);
        let alike = self.by_name.iter().skip(from).take_while(|(other, _)| *other == hash);
        // What hashes alike need not be alike.
        let mut positions = alike.map(|(_, index)| *index as usize);
        positions.find(|index| self.issuers.get(*index).is_some_and(|issuer| issuer.name == name))
    }

    /// Verifies a token at `now`, in Unix seconds.
    ///
    /// # Errors
    /// Any error of a token, its keys or its claims; [`Error::KeysDue`] on the first try when a fetch could change the
    /// answer; [`Error::KeysUnavailable`] when there is no usable key set; [`Error::ClockInvalid`].
    pub fn verify(&self, token: &str, now: f64, attempt: Try) -> Result<Verification, Error> {
        let signed = self.verify_signature(token.as_bytes(), now, attempt)?;
        let principal = signed.judge()?.principal.into_owned();
        Ok(Verification { principal, issuer: signed.index, cached: signed.was_cached(), token: signed.token })
    }

    /// The first half of [`Verifier::verify`]: all but the claims.
    ///
    /// # Errors
    /// Those of [`Verifier::verify`] but claims'.
    pub(crate) fn verify_signature<'v>(&'v self, text: &'v [u8], now: f64, attempt: Try) -> Result<Signed<'v>, Error> {
        if !(now > 0.0 && now <= MAX_UNIX_TIME_SECONDS) {
            return Err(Error::ClockInvalid);
        }
        if self.cache.is_some()
            && let Some(signed) = self.verified_before(text, now, attempt)?
        {
            return Ok(signed);
        }
        self.verify_anew(text, now, attempt)
    }

    /// For a token that the cache has not. Apart, because inlined it would make every hit run through the code of RSA.
    #[inline(never)]
    fn verify_anew<'v>(&'v self, text: &'v [u8], now: f64, attempt: Try) -> Result<Signed<'v>, Error> {
        let token = UntrustedToken::parse(std::str::from_utf8(text).map_err(|_| Error::MalformedToken)?)?;
        let algorithm = token.algorithm().ok_or(Error::AlgNotAllowed)?;
        let index = self.find(token.asserted_issuer()?).ok_or(Error::UnknownIssuer)?;
        let issuer = self.issuers.get(index).ok_or(Error::UnknownIssuer)?;
        if !issuer.algorithms.contains(&algorithm) {
            return Err(Error::AlgNotAllowed);
        }
        if !issuer.allows_type(token.typ()) {
            return Err(Error::TypNotAllowed);
        }
        let key = issuer.key(index, token.kid(), algorithm, now, attempt)?;
        let token = Arc::new(token.verify(key)?);
        Ok(Signed { verifier: self, issuer, index, text, token, now, held: None })
    }

    /// The token if the cache has it and its issuer's keys are still those that verified it. They are looked up as for any
    /// token, so they fall due and get too old as for any.
    #[inline(never)]
    fn verified_before<'v>(&'v self, text: &'v [u8], now: f64, attempt: Try) -> Result<Option<Signed<'v>>, Error> {
        let Some(mut cache) = self.cache() else { return Ok(None) };
        let Some(Found { slot, passed, is_known }) = cache.find(text, now) else { return Ok(None) };
        let Passed { issuer: index, generation, times, token } = passed;
        let (Some(issuer), Some(algorithm)) = (self.issuers.get(index), token.algorithm()) else { return Ok(None) };
        if issuer.keys.generation() != generation {
            cache.remove(slot);
            return Ok(None);
        }
        issuer.key(index, token.kid(), algorithm, now, attempt)?;
        let held = Some(Held { slot, times, is_known });
        Ok(Some(Signed { verifier: self, issuer, index, text, token, now, held }))
    }

    /// The cache, where there is one. One in whose use a thread has panicked is none.
    fn cache(&self) -> Option<MutexGuard<'_, Cache>> {
        self.cache.as_ref()?.lock().ok()
    }

    /// Notes that the host keeps what it was told about the token there.
    #[cfg(any(feature = "js", test))]
    pub(crate) fn set_known(&self, slot: Slot) {
        if let Some(mut cache) = self.cache() {
            cache.set_known(slot);
        }
    }

    /// Whether verified tokens are kept.
    #[cfg(feature = "js")]
    pub(crate) const fn has_cache(&self) -> bool {
        self.cache.is_some()
    }

    /// Positions of the issuers whose key sets are fetched.
    pub fn remote_issuers(&self) -> impl Iterator<Item = usize> {
        self.issuers.iter().enumerate().filter(|(_, issuer)| issuer.jwks_uri.is_some()).map(|(index, _)| index)
    }

    /// The configured `iss` of an issuer, and where its key set is fetched from.
    pub fn source(&self, issuer: usize) -> Option<(&str, &str)> {
        let issuer = self.issuers.get(issuer)?;
        Some((&issuer.name, issuer.jwks_uri.as_deref()?))
    }

    /// Whether an issuer's key set should be refreshed while it is still used.
    pub fn background_due(&self, issuer: usize, now: f64) -> bool {
        self.issuers.get(issuer).is_some_and(|issuer| issuer.jwks_uri.is_some() && issuer.keys.background_due(now))
    }

    /// Begins a fetch; none when it is not time for one.
    pub fn begin_fetch(&mut self, issuer: usize, now: f64) -> Option<FetchStart> {
        self.issuers.get_mut(issuer).filter(|issuer| issuer.jwks_uri.is_some())?.keys.begin_fetch(now)
    }

    /// Takes the body of a fetched key set, which was current at `fetched_at`.
    pub fn fetch_succeeded(&mut self, index: usize, id: u64, now: f64, fetched_at: f64, body: &[u8]) -> FetchOutcome {
        let Some(issuer) = self.issuers.get_mut(index) else { return FetchOutcome::Late };
        let jwks = match jwk::parse_jwks(body, &issuer.algorithms) {
            Ok(jwks) if jwks.keys.is_empty() => Err(Error::JwksNoUsableKey),
            other => other,
        };
        match jwks {
            Ok(jwks) => {
                let (keys, skipped) = (jwks.keys.len(), jwks.skipped.clone());
                if issuer.keys.fetch_succeeded(id, now, fetched_at, jwks) {
                    let dropped = self.make_room(index, body.len());
                    FetchOutcome::Kept { keys, skipped, dropped }
                } else {
                    FetchOutcome::Late
                }
            }
            Err(error) => {
                issuer.keys.fetch_failed(id, now, None);
                FetchOutcome::Failed(error)
            }
        }
    }

    /// Counts a set that was just fetched, and forgets the sets that were fetched longest ago until all have room. A set that is
    /// used is refreshed every few minutes, so those are the ones that nobody asks for; whoever does has them fetched again.
    fn make_room(&mut self, fetched: usize, text_bytes: usize) -> Vec<usize> {
        if let Some(issuer) = self.issuers.get_mut(fetched) {
            let bytes = set_bytes(text_bytes, &issuer.keys);
            self.key_bytes = self.key_bytes - issuer.key_bytes + bytes;
            issuer.key_bytes = bytes;
        }
        let mut dropped = Vec::new();
        while self.key_bytes > KEY_SET_BYTES {
            let age = |(index, issuer): (usize, &Issuer)| Some((index, issuer.keys.fetched_at()?));
            let others = self.issuers.iter().enumerate().filter_map(age).filter(|(index, _)| *index != fetched);
            let Some((oldest, _)) = others.min_by(|(_, one), (_, other)| one.total_cmp(other)) else { break };
            let Some(issuer) = self.issuers.get_mut(oldest) else { break };
            issuer.keys.forget();
            self.key_bytes -= std::mem::take(&mut issuer.key_bytes);
            dropped.push(oldest);
        }
        dropped
    }

    /// Notes that a fetch failed. `retry_after` is what the server asked for, in seconds.
    pub fn fetch_failed(&mut self, issuer: usize, id: u64, now: f64, retry_after: Option<f64>) {
        if let Some(issuer) = self.issuers.get_mut(issuer) {
            issuer.keys.fetch_failed(id, now, retry_after);
        }
    }

    /// A verifier that takes no token.
    pub(crate) const fn of_nobody() -> Self {
        Self { issuers: Vec::new(), by_name: Vec::new(), tolerance: 0.0, key_bytes: 0, cache: None }
    }
}

impl Issuer {
    /// Compiles a member of `issuers`, and takes out of it what it keeps; `at` names it in errors.
    #[inline(never)]
    fn compile(at: fmt::Arguments<'_>, config: &mut config::Issuer) -> Result<Self, Error> {
        locate(at, config)?;
        check_members(at, config)?;
        let algorithms: Vec<Algorithm> = match &config.algorithms {
            Some(names) => names.iter().map(|name| algorithm(*name)).collect(),
            None => vec![Algorithm::Rs256],
        };
        let keys = match &config.jwks {
            None => KeySet::remote(config.issuer.as_deref().unwrap_or_default()),
            Some(jwks) => fixed_keys(at, jwks.0.as_bytes(), &algorithms)?,
        };
        let key_bytes = config.jwks.as_ref().map_or(0, |jwks| set_bytes(jwks.0.len(), &keys));
        let claims = ClaimRules::compile(at, config.issuer.clone().unwrap_or_default(), config)?;
        let types = match config.types.take() {
            Some(types) => Types::Own(types),
            None if config.preset == Some(Preset::Cognito) => Types::Usual(&[None]),
            None => Types::Usual(&[Some("JWT"), Some("at+jwt"), None]),
        };
        let (name, jwks_uri) = (config.issuer.take().unwrap_or_default(), config.jwks_uri.take());
        Ok(Self { name, algorithms, types, claims, jwks_uri, keys, key_bytes })
    }

    /// The key for a token of this issuer, whose position is `index`.
    fn key(
        &self,
        index: usize,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: f64,
        attempt: Try,
    ) -> Result<&Key, Error> {
        match self.keys.find(kid, algorithm, now, attempt == Try::Last) {
            Lookup::Key(key) => Ok(key),
            Lookup::Due => Err(Error::KeysDue { issuer: index }),
            Lookup::Unknown => Err(Error::UnknownKey),
            Lookup::Ambiguous => Err(Error::AmbiguousKey),
            Lookup::KidRequired => Err(Error::KidRequired),
            Lookup::Unavailable { retry_after_seconds } => Err(Error::KeysUnavailable { retry_after_seconds }),
        }
    }

    /// `typ` is compared without case and without `application/` (RFC 7515 section 4.1.9).
    fn allows_type(&self, typ: Option<&str>) -> bool {
        let allows = |allowed: Option<&str>| match (allowed, typ) {
            (None, None) => true,
            (Some(allowed), Some(typ)) => short_type(allowed).eq_ignore_ascii_case(short_type(typ)),
            _ => false,
        };
        match &self.types {
            Types::Usual(types) => types.iter().any(|allowed| allows(*allowed)),
            Types::Own(types) => types.iter().any(|allowed| allows(allowed.as_deref())),
        }
    }
}

fn short_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[inline(never)]
fn fixed_keys(at: fmt::Arguments<'_>, jwks: &[u8], algorithms: &[Algorithm]) -> Result<KeySet, Error> {
    let keys = jwk::parse_jwks(jwks, algorithms).and_then(|jwks| match jwks.skipped.first() {
        // A key that is given by hand and can't be used is a mistake; one that a provider publishes is not ours to mend.
        Some(skipped) => Err(Error::KeyNotUsable(skipped.reason)),
        None => KeySet::fixed(jwks),
    });
    keys.map_err(|error| config::fault(format_args!("{at}.jwks"), &error.to_string()))
}

#[inline(never)]
fn new_cache(config: &VerifiedTokenCache) -> Result<Mutex<Cache>, Error> {
    Cache::compile(config).map(Mutex::new)
}

#[cold]
#[inline(never)]
fn twice(first: usize, second: usize) -> Error {
    config::fault(format_args!("issuers[{second}].issuer"), &format!("is the same as issuers[{first}].issuer"))
}

/// What a set takes, in bytes, as [`KEY_SET_BYTES`] counts.
fn set_bytes(text_bytes: usize, keys: &KeySet) -> usize {
    text_bytes + KEY_BYTES * keys.len()
}

const fn algorithm(name: AlgorithmName) -> Algorithm {
    match name {
        AlgorithmName::ES256 => Algorithm::Es256,
        AlgorithmName::RS256 => Algorithm::Rs256,
    }
}

#[cfg(test)]
#[path = "verifier_cache_tests.rs"]
mod cache_tests;
#[cfg(test)]
#[path = "verifier_room_tests.rs"]
mod room_tests;
#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
