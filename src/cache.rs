//! Tokens that were verified, so that their signatures need not be checked again for a while. It knows a token by every
//! byte of its text and decides nothing about it: keys, times and rules are judged anew each time. Failures are not kept.
//!
//! What it holds are bearer credentials. It bounds how many, how many bytes and for how long, in steps that do not grow
//! with what is held, and shows none of it.

use std::fmt;
use std::sync::Arc;

use crate::claims::Times;
use crate::config::VerifiedTokenCache;
use crate::error::Error;
use crate::limits::{MAX_CACHE_BYTES, MAX_CACHE_CHAIN, MAX_CACHE_ENTRIES, MAX_CACHE_SECONDS, MIN_CACHE_BYTES};
use crate::token::Verified;

/// Where a token is held.
pub(crate) type Slot = u32;

/// No slot: there are far fewer.
const NONE: Slot = Slot::MAX;

/// The verified tokens that are kept.
pub(crate) struct Cache {
    seconds: f64,
    max_entries: usize,
    max_bytes: usize,
    /// What all entries take.
    bytes: usize,
    /// The first of each chain of entries whose hashes end alike. A power of two of them.
    buckets: Vec<Slot>,
    slots: Vec<Option<Entry>>,
    free: Vec<Slot>,
    /// The list of entries by their last use, apart from them: a use moves in it, and what it touches then is small.
    order: Vec<Neighbours>,
    newest: Slot,
    oldest: Slot,
    /// The slot whose age is looked at next.
    swept: usize,
}

struct Entry {
    token: Box<[u8]>,
    hash: u32,
    /// The next of the chain.
    next: Slot,
    /// In Unix seconds.
    verified_at: f64,
    passed: Passed,
    bytes: usize,
    /// Whether the host keeps what it was told about this token.
    is_known: bool,
}

/// The neighbours of a slot in the order of use.
#[derive(Clone, Copy)]
struct Neighbours {
    newer: Slot,
    older: Slot,
}

impl Neighbours {
    const NONE: Self = Self { newer: NONE, older: NONE };
}

/// A token that has passed every check, and what it was checked by.
#[derive(Clone)]
pub(crate) struct Passed {
    pub(crate) issuer: usize,
    /// [`KeySet::generation`](crate::KeySet::generation) of the keys.
    pub(crate) generation: u64,
    pub(crate) times: Times,
    pub(crate) token: Arc<Verified>,
}

/// A token that is held.
pub(crate) struct Found {
    pub(crate) slot: Slot,
    pub(crate) passed: Passed,
    pub(crate) is_known: bool,
}

impl Cache {
    /// An empty cache.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    #[inline(never)]
    pub(crate) fn compile(config: &VerifiedTokenCache) -> Result<Self, Error> {
        let VerifiedTokenCache { entries, bytes, seconds } = *config;
        let refused =
            |member: &str, expected: &str| Err(Error::config(format!("verifiedTokenCache.{member}"), expected));
        if !(1..=MAX_CACHE_ENTRIES).contains(&entries) {
            return refused("entries", "expected 1 to 100000");
        }
        if !(MIN_CACHE_BYTES..=MAX_CACHE_BYTES).contains(&bytes) {
            return refused("bytes", "expected 65536 to 33554432");
        }
        if !(1..=MAX_CACHE_SECONDS).contains(&seconds) {
            return refused("seconds", "expected 1 to 3600");
        }
        Ok(Self {
            seconds: f64::from(seconds),
            max_entries: entries as usize,
            max_bytes: bytes as usize,
            bytes: 0,
            buckets: vec![NONE; (entries as usize).next_power_of_two()],
            slots: Vec::new(),
            free: Vec::new(),
            order: Vec::new(),
            newest: NONE,
            oldest: NONE,
            swept: 0,
        })
    }

    /// The token if it is held and was verified at most so many seconds before `now`.
    pub(crate) fn find(&mut self, token: &[u8], now: f64) -> Option<Found> {
        self.sweep(now);
        let slot = self.slot_of(hash(token), token)?;
        if self.is_stale(slot, now) {
            self.remove(slot);
            return None;
        }
        self.use_now(slot);
        let entry = self.entry(slot)?;
        Some(Found { slot, passed: entry.passed.clone(), is_known: entry.is_known })
    }

    /// Keeps a token that has passed every check at `now`. None where it is larger than all the room there is.
    pub(crate) fn keep(&mut self, token: &[u8], passed: Passed, now: f64) -> Option<Slot> {
        let own = size_of::<Option<Entry>>() + size_of::<Neighbours>();
        let bytes = own + token.len() + passed.token.bytes();
        if bytes > self.max_bytes {
            return None;
        }
        let hash = hash(token);
        if let Some(before) = self.slot_of(hash, token) {
            self.remove(before);
        }
        self.shorten_chain(hash);
        while self.oldest != NONE && (self.len() >= self.max_entries || self.bytes + bytes > self.max_bytes) {
            self.remove(self.oldest);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.order.push(Neighbours::NONE);
            (self.slots.len() - 1) as Slot
        });
        let next = std::mem::replace(self.bucket(hash)?, slot);
        let entry = Entry { token: token.into(), hash, next, verified_at: now, passed, bytes, is_known: false };
        *self.slots.get_mut(slot as usize)? = Some(entry);
        self.bytes += bytes;
        self.attach(slot);
        Some(slot)
    }

    /// Notes that the host keeps what it was told about the token there.
    #[cfg_attr(not(feature = "js"), cfg_attr(not(test), expect(dead_code, reason = "only JavaScript keeps answers")))]
    pub(crate) fn set_known(&mut self, slot: Slot) {
        if let Some(entry) = self.entry_mut(slot) {
            entry.is_known = true;
        }
    }

    /// Forgets the token there.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(entry) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return };
        self.detach(slot);
        self.bytes -= entry.bytes;
        self.free.push(slot);
        let Some(first) = self.bucket(entry.hash) else { return };
        if *first == slot {
            *first = entry.next;
            return;
        }
        let mut at = *first;
        while let Some(before) = self.entry_mut(at) {
            if before.next == slot {
                before.next = entry.next;
                return;
            }
            at = before.next;
        }
    }

    /// How many tokens are held.
    fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Looks at one slot after the other, so that what is too old does not stay for want of a request for it.
    fn sweep(&mut self, now: f64) {
        let slot = self.swept;
        self.swept = if slot + 1 < self.slots.len() { slot + 1 } else { 0 };
        if self.is_stale(slot as Slot, now) {
            self.remove(slot as Slot);
        }
    }

    /// Whether the token there was verified too long before `now`, or after it: a clock that stepped back makes it old.
    fn is_stale(&self, slot: Slot, now: f64) -> bool {
        self.entry(slot).is_some_and(|entry| !(0.0..self.seconds).contains(&(now - entry.verified_at)))
    }

    fn slot_of(&mut self, hash: u32, token: &[u8]) -> Option<Slot> {
        let mut slot = *self.bucket(hash)?;
        while let Some(entry) = self.entry(slot) {
            if entry.hash == hash && is_same(&entry.token, token) {
                return Some(slot);
            }
            slot = entry.next;
        }
        None
    }

    /// Makes room in the chain for one more.
    fn shorten_chain(&mut self, hash: u32) {
        let mut slot = self.bucket(hash).map_or(NONE, |first| *first);
        for _ in 1..MAX_CACHE_CHAIN {
            slot = self.entry(slot).map_or(NONE, |entry| entry.next);
        }
        self.remove(slot);
    }

    fn use_now(&mut self, slot: Slot) {
        if self.newest != slot {
            self.detach(slot);
            self.attach(slot);
        }
    }

    /// Makes a slot that is not in the list its newest.
    fn attach(&mut self, slot: Slot) {
        let older = std::mem::replace(&mut self.newest, slot);
        match self.neighbours(older) {
            Some(of_older) => of_older.newer = slot,
            None => self.oldest = slot,
        }
        if let Some(own) = self.neighbours(slot) {
            *own = Neighbours { newer: NONE, older };
        }
    }

    /// Takes a slot out of the list.
    fn detach(&mut self, slot: Slot) {
        let Some(Neighbours { newer, older }) = self.neighbours(slot).copied() else { return };
        match self.neighbours(newer) {
            Some(of_newer) => of_newer.older = older,
            None => self.newest = older,
        }
        match self.neighbours(older) {
            Some(of_older) => of_older.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn neighbours(&mut self, slot: Slot) -> Option<&mut Neighbours> {
        self.order.get_mut(slot as usize)
    }

    fn bucket(&mut self, hash: u32) -> Option<&mut Slot> {
        let at = hash as usize & (self.buckets.len() - 1);
        self.buckets.get_mut(at)
    }

    fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn entry_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }
}

// Opaque, so that no log holds a token.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// Of the end of a signature, which is as good as random. It only says where to look.
fn hash(token: &[u8]) -> u32 {
    let Some(end) = token.last_chunk::<16>() else { return 0 };
    let end = u128::from_le_bytes(*end);
    // 2^64 over the golden ratio, as Fibonacci hashing has it: the upper half depends on every bit.
    let mixed = (end as u64 ^ ((end >> 64) as u64).rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

/// Whether two tokens are the same to the byte. It takes as long wherever they differ, so nobody learns a held token a byte
/// at a time.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (one, one_rest) = one.as_chunks::<8>();
    let (other, other_rest) = other.as_chunks::<8>();
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |differ, (one, other)| differ | (word(one) ^ word(other))) == 0
        && one_rest == other_rest
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
