//! Where the members of an object are read to.

use super::{Faults, Path, Read};
use crate::json::Value;

/// A field of what is being read. As objects, so that one piece of code reads the members of all types: engines compile what
/// is called, and a gate is read at each start.
pub(crate) trait Field {
    fn is_compulsory(&self) -> bool;

    fn fill(&mut self, value: Value<'_>, at: &Path<'_>, faults: &mut Faults);
}

impl<T: Read> Field for T {
    fn is_compulsory(&self) -> bool {
        T::IS_COMPULSORY
    }

    fn fill(&mut self, value: Value<'_>, at: &Path<'_>, faults: &mut Faults) {
        *self = T::read(value, at, faults);
    }
}

/// A field that has a default, and holds it.
pub(crate) struct Defaulted<'f, T>(pub(crate) &'f mut T);

impl<T: Read> Field for Defaulted<'_, T> {
    fn is_compulsory(&self) -> bool {
        false
    }

    fn fill(&mut self, value: Value<'_>, at: &Path<'_>, faults: &mut Faults) {
        *self.0 = T::read(value, at, faults);
    }
}

/// A field of which a stated null says something else than its absence.
pub(crate) struct Stated<'f, T>(pub(crate) &'f mut Option<T>);

impl<T: Read> Field for Stated<'_, T> {
    fn is_compulsory(&self) -> bool {
        false
    }

    fn fill(&mut self, value: Value<'_>, at: &Path<'_>, faults: &mut Faults) {
        *self.0 = Some(T::read(value, at, faults));
    }
}
