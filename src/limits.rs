//! Every number of the verifier and the gate, with its unit and its why. Nothing else holds a bare limit.

/// Longest token, in bytes. Real access tokens stay below 4 KiB; a longer one is refused before it is decoded.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest encoded JOSE header (the part before the first dot), in bytes.
pub const MAX_HEADER_PART_BYTES: usize = 2 * 1024;
/// Deepest nesting of arrays and objects in a token or key set; an explicit bound, so no stack can overflow.
pub const MAX_JSON_DEPTH: usize = 32;

/// Smallest RSA modulus, in bits (RFC 7518 section 3.3).
pub const MIN_RSA_BITS: usize = 2048;
/// Largest RSA modulus, in bits: bounds the work one signature can cost.
pub const MAX_RSA_BITS: usize = 4096;
/// Largest key set body, in bytes.
pub const MAX_JWKS_BYTES: usize = 64 * 1024;
/// Most keys in one set.
pub const MAX_JWKS_KEYS: usize = 100;
/// Longest key id, in bytes.
pub const MAX_KID_BYTES: usize = 256;

/// Longest configuration, in bytes: some 15,000 issuers with an RSA key each. Reading one takes several times as much memory for a moment,
/// which is used again for what comes later.
pub const MAX_CONFIG_BYTES: usize = 8 * 1024 * 1024;
/// What a key is counted as in [`KEY_SET_BYTES`], in bytes, with all that it computes for itself: an ES256 key's comb takes
/// 2 KiB, an RSA key's constants 1 KiB at 2048 bits and 2 KiB at 4096.
pub const KEY_BYTES: usize = 2_560;
/// What the key sets of all issuers may take, in bytes, of an isolate's 128 MiB: a set counts as its text, which the host keeps,
/// and [`KEY_BYTES`] for each usable key. 10,000 issuers with a key each take three quarters of it.
pub const KEY_SET_BYTES: usize = 40 * 1024 * 1024;
/// What of [`KEY_SET_BYTES`] configured sets leave to fetched ones, in bytes: three of the largest.
pub const FETCHED_KEY_SET_BYTES: usize = 1024 * 1024;
/// Most bytes that the tables of ES256 keys take in all, by default: 31 keys and the base point, 256 KiB each.
pub const TABLE_BYTES: usize = 8 * 1024 * 1024;

/// Default of how many verified tokens are kept.
pub const DEFAULT_CACHE_ENTRIES: u32 = 1_000;
/// Ceiling of the verified tokens kept: with the shortest real ones, what [`MAX_CACHE_BYTES`] holds is fewer.
pub const MAX_CACHE_ENTRIES: u32 = 100_000;
/// Default of what kept tokens and their claims take, in bytes: a thousand tokens of 1 KiB with room to spare.
pub const DEFAULT_CACHE_BYTES: u32 = 4 * 1024 * 1024;
/// Floor of the same, in bytes: a cache in which a token of [`MAX_TOKEN_BYTES`] has no room would be a mistake.
pub const MIN_CACHE_BYTES: u32 = 64 * 1024;
/// Ceiling of the same, in bytes: a quarter of an isolate of 128 MB, of which JavaScript's answers take as much again.
pub const MAX_CACHE_BYTES: u32 = 32 * 1024 * 1024;
/// Default of how long a signature once checked is taken for good, in seconds.
pub const DEFAULT_CACHE_SECONDS: u32 = 60;
/// Ceiling of the same, in seconds: the longest life of an access token here.
pub const MAX_CACHE_SECONDS: u32 = 3_600;
/// Most kept tokens whose hashes end alike: an issuer that makes its tokens collide gets no more work done than this.
pub const MAX_CACHE_CHAIN: usize = 8;

/// Default clock tolerance, in seconds.
pub const DEFAULT_CLOCK_TOLERANCE_SECONDS: u32 = 30;
/// Ceiling of the configured clock tolerance, in seconds: beyond it, `exp` stops meaning anything.
pub const MAX_CLOCK_TOLERANCE_SECONDS: u32 = 300;
/// Latest date a claim or a clock may name, in seconds: 9999-12-31T23:59:59Z. A clock in milliseconds lands beyond it.
pub const MAX_UNIX_TIME_SECONDS: f64 = 253_402_300_799.0;

/// A fetched set is used without asking again for this long, in seconds.
pub const JWKS_FRESH_SECONDS: f64 = 600.0;
/// From this age on, in seconds, a set is refreshed in the background while it is still used.
pub const JWKS_BACKGROUND_SECONDS: f64 = 300.0;
/// A last good set is kept up to this age, in seconds, while fetching fails.
pub const JWKS_STALE_SECONDS: f64 = 3_600.0;
/// Fetches that unknown key ids may cause at once: two, so that one bogus `kid` cannot delay a real rotation.
pub const UNKNOWN_KID_BURST: f64 = 2.0;
/// One more such fetch is allowed each time this many seconds pass.
pub const UNKNOWN_KID_REFILL_SECONDS: f64 = 30.0;
/// First pause after a failed fetch, in seconds; it doubles.
pub const JWKS_BACKOFF_FIRST_SECONDS: f64 = 1.0;
/// Longest pause after failed fetches, in seconds.
pub const JWKS_BACKOFF_MAX_SECONDS: f64 = 60.0;
/// Longest pause that an issuer's `Retry-After` can ask for, in seconds: the last good set must outlive a few of them.
pub const JWKS_RETRY_AFTER_MAX_SECONDS: f64 = 600.0;
/// A fetch older than this, in seconds, is taken for lost, and another may start (hosts give up after 3 s).
pub const JWKS_FETCH_LOST_SECONDS: f64 = 5.0;

/// Longest request target (path and query), in bytes. Over it: 414.
pub const MAX_TARGET_BYTES: usize = 8 * 1024;
/// Most header fields in a request. Over it: 431.
pub const MAX_HEADER_COUNT: usize = 128;
/// Most memory, in bytes, for the text of a request: hosts cut it to 292 Ki characters, of which one takes three bytes at most.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// Longest `Cookie` line, in bytes, after several are joined. Over it: 431.
pub const MAX_COOKIE_BYTES: usize = 16 * 1024;
/// Largest sum of the header values made for the origin, in bytes: most origins accept 8 KiB of headers in all.
pub const MAX_IDENTITY_BYTES: usize = 6 * 1024;
/// Most plans, permissions, groups or scopes that a refusal names: with more, it would cost more than the request did.
pub const MAX_NAMED_TEXTS: usize = 100;
/// Default life of a preflight answer in the browser, in seconds.
pub const DEFAULT_PREFLIGHT_SECONDS: u32 = 600;

/// Default life of an access token, in seconds.
pub const DEFAULT_ACCESS_TOKEN_SECONDS: u32 = 900;
/// Shortest configured life of an access token, in seconds: below it, clients do little but refresh.
pub const MIN_ACCESS_TOKEN_SECONDS: u32 = 60;
/// Longest configured life of an access token, in seconds: nothing revokes one before.
pub const MAX_ACCESS_TOKEN_SECONDS: u32 = 3_600;
/// Default life of a family of refresh tokens, in seconds: 30 days.
pub const DEFAULT_FAMILY_SECONDS: u32 = 2_592_000;
/// Shortest configured life of a family, in seconds.
pub const MIN_FAMILY_SECONDS: u32 = 300;
/// Longest configured life of a family, in seconds: 400 days, after which browsers drop a cookie.
pub const MAX_FAMILY_SECONDS: u32 = 34_560_000;
/// Default time in which a refresh token that was just used is answered with the same successor, in seconds.
pub const DEFAULT_GRACE_SECONDS: u32 = 10;
/// Longest configured such time, in seconds: a thief may use it too.
pub const MAX_GRACE_SECONDS: u32 = 60;
/// A signing key is published this long before it signs, in seconds: [`JWKS_STALE_SECONDS`], for which a verifier may keep an
/// older set, and 300 for which caches may keep an answer.
pub const NEXT_KEY_SECONDS: u64 = 3_900;
/// A signing key stays published this long after its last token's `exp`, in seconds: the ceiling of clock tolerance.
pub const RETIRED_KEY_SECONDS: u64 = MAX_CLOCK_TOLERANCE_SECONDS as u64;
/// Most secrets that hold signing keys.
pub const MAX_KEYS_DOCUMENTS: usize = 8;
/// Most signing keys of one use.
pub const MAX_SIGNING_KEYS: usize = 16;
/// Most segments of the path prefix of the token endpoints.
pub const MAX_PREFIX_SEGMENTS: usize = 4;
/// Longest client id, in bytes.
pub const MAX_CLIENT_ID_BYTES: usize = 64;
/// Most secrets of one client: the old and the new, and as many to spare.
pub const MAX_CLIENT_SECRET_HASHES: usize = 4;
/// Shortest secret of a client that is looked at, in bytes: 256 random bits in base64url.
pub const MIN_CLIENT_SECRET_BYTES: usize = 43;
/// Largest body of a request for tokens, in bytes: a refresh token and little else.
pub const MAX_FORM_BYTES: usize = 16 * 1024;
/// Longest id of a user or a tenant for whom tokens are issued, in bytes. It is a store's key.
pub const MAX_USER_BYTES: usize = 256;
/// Longest answer about entitlements, in bytes: twice what fits into a token.
pub const MAX_ENTITLEMENTS_BYTES: usize = 16 * 1024;
/// Longest such answer, without claims of its own, that surely fits into a token and a cookie, in bytes.
pub const MAX_UNTRIED_ENTITLEMENTS_BYTES: usize = 1024;
/// How often one request tries to write before it gives up, while others are faster.
pub const MAX_ROTATION_ROUNDS: u64 = 3;
/// Longest `Set-Cookie` value, in bytes: browsers drop a longer cookie (RFC 6265 section 6.1).
pub const MAX_SET_COOKIE_BYTES: usize = 4096;
/// How long caches may keep the published keys, in seconds; [`NEXT_KEY_SECONDS`] allows for it.
pub const KEY_SET_CACHE_SECONDS: u32 = 300;
/// After how many seconds to try again what could not be done.
pub const UNAVAILABLE_RETRY_SECONDS: u32 = 1;
/// Default time for which entitlements are waited for, in milliseconds.
pub const DEFAULT_ENTITLEMENTS_TIMEOUT_MILLISECONDS: u32 = 2_000;
/// Shortest such time, in milliseconds.
pub const MIN_ENTITLEMENTS_TIMEOUT_MILLISECONDS: u32 = 100;
/// Longest such time, in milliseconds.
pub const MAX_ENTITLEMENTS_TIMEOUT_MILLISECONDS: u32 = 10_000;
