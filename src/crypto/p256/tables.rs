//! Which points have their windows at hand. Bounded in memory, bounded in work for each call, and never wrong about a
//! point: what is kept is found by the point itself, so a key that is imported again finds its table.

use core::cell::RefCell;

use super::curve::Curve;
use super::multiples::Windows;
use super::point::Affine;
use super::words::Words;
use crate::limits::TABLE_BYTES;

/// A table is taken from a point that no signature was checked with for so many checks; before that, points without a
/// table stay without one. Otherwise more points than there is room for would take the tables from one another forever.
pub(super) const IDLE_CHECKS: u64 = 1_024;

struct Table {
    point: Affine,
    /// The number 1 as the point's kernel writes it: kernels write the same point differently, and another point the same.
    one: Words,
    windows: Windows,
    /// The check that used it last.
    used: u64,
}

/// The tables of one thread.
pub(super) struct Tables {
    tables: Vec<Table>,
    /// How many tables there may be.
    room: usize,
    /// Counts the checks.
    now: u64,
    /// Counts the tables that were made.
    made: u32,
}

thread_local! {
    static TABLES: RefCell<Tables> = const { RefCell::new(Tables { tables: Vec::new(), room: room(TABLE_BYTES), now: 0, made: 0 }) };
}

const fn room(bytes: usize) -> usize {
    bytes / Windows::BYTES
}

/// Sets how many bytes the tables of ES256 keys may take in this thread, in all; [`TABLE_BYTES`] where nobody set it.
///
/// A table is 256 KiB, and one goes to the curve's base point. Keys for which there is no room are verified without, half as
/// fast. 0 keeps none. Tables beyond the new limit are dropped at once, the least recently used first.
pub fn limit(bytes: usize) {
    TABLES.with_borrow_mut(|tables| {
        tables.room = room(bytes);
        while tables.tables.len() > tables.room {
            tables.drop_oldest();
        }
    });
}

/// How many tables this thread has made, whatever became of them.
#[cfg_attr(not(feature = "js"), expect(dead_code, reason = "Rust callers are told no events"))]
pub(crate) fn made() -> u32 {
    TABLES.with_borrow(|tables| tables.made)
}

/// Runs `check` with the windows of both points, so far as they are complete, and then makes one more window for one of them,
/// the first first. A point gets its place at its first check and its first window at the second, so that a key which is
/// seen once costs nothing.
pub(super) fn with<C: Curve, Answer>(
    points: [&Affine; 2],
    check: impl FnOnce([Option<&Windows>; 2]) -> Answer,
) -> Answer {
    TABLES.with_borrow_mut(|tables| {
        tables.now += 1;
        let places = points.map(|point| tables.place::<C>(point));
        let complete =
            places.map(|place| Some(&tables.tables.get(place?)?.windows).filter(|windows| windows.is_complete()));
        let answer = check(complete);
        tables.grow::<C>(points, places);
        answer
    })
}

impl Tables {
    /// Where the point's table is, noting its use.
    fn place<C: Curve>(&mut self, point: &Affine) -> Option<usize> {
        let place = self.tables.iter().position(|table| table.point == *point && table.one == C::ONE)?;
        self.tables.get_mut(place)?.used = self.now;
        Some(place)
    }

    fn grow<C: Curve>(&mut self, points: [&Affine; 2], places: [Option<usize>; 2]) {
        for (point, place) in points.into_iter().zip(places) {
            match place.and_then(|place| self.tables.get_mut(place)) {
                Some(table) if table.windows.is_complete() => {}
                Some(table) => {
                    table.windows.grow::<C>();
                    self.made = self.made.saturating_add(u32::from(table.windows.is_complete()));
                    return;
                }
                None => self.admit::<C>(point),
            }
        }
    }

    /// Gives the point a place: a new one, or an idle one. No other table moves.
    fn admit<C: Curve>(&mut self, point: &Affine) {
        // A key may be G itself.
        if self.tables.iter().any(|table| table.point == *point) {
            return;
        }
        let table = Table { point: *point, one: C::ONE, windows: Windows::new(*point), used: self.now };
        if self.tables.len() < self.room {
            return self.tables.push(table);
        }
        let oldest = self.tables.iter_mut().min_by_key(|table| table.used);
        if let Some(idle) = oldest.filter(|oldest| self.now - oldest.used >= IDLE_CHECKS) {
            *idle = table;
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.tables.iter().enumerate().min_by_key(|(_, table)| table.used).map(|(place, _)| place);
        if let Some(place) = oldest {
            self.tables.swap_remove(place);
        }
    }
}

/// What is kept of a point, for tests to look at.
#[cfg(test)]
pub(super) struct State {
    pub(super) point: Affine,
    pub(super) windows: usize,
    pub(super) bytes: usize,
}

#[cfg(test)]
pub(super) fn state() -> Vec<State> {
    TABLES.with_borrow(|tables| {
        let state =
            |table: &Table| State { point: table.point, windows: table.windows.made(), bytes: table.windows.bytes() };
        tables.tables.iter().map(state).collect()
    })
}
