//! P-256 for verification alone.

#![allow(clippy::indexing_slicing)]

pub mod curve;
pub mod fused;
pub mod inverse;
pub mod limbs;
pub mod multiples;
pub mod pair;
pub mod point;
pub mod scalar;
pub mod verify;
pub mod words;
