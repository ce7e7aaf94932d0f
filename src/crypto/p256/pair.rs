//! Two elements of the field of P-256 side by side: what the point formulas are written in. Both kernels implement it,
//! [`Limbs`](super::limbs::Limbs) one element after the other and [`Fused`](super::fused::Fused) both at once.

use super::words::{P, Words, power_of_two};

/// Two field elements in a kernel's Montgomery form: a number times R.
///
/// Four magnitudes matter, and every method says what it takes and gives. A *product* is what `mul` and `square` give;
/// *carried* is what `carried` gives, a little more; *loose* is a sum or difference of two products, or unpacked; *slack*
/// is a sum of up to four. What the elements' values may be, docs/ARITHMETIC.md follows through the formulas.
pub(super) trait Pair: Copy {
    /// The pair as it lies in memory between two calls of a kernel.
    type Stored: Copy;
    /// R is 2 to this power.
    const RADIX_BITS: u32;
    /// The number 1 in Montgomery form: R mod p.
    const ONE: Words = power_of_two(Self::RADIX_BITS, P);
    /// R² mod p: a product with it puts a number into Montgomery form.
    const ENTRY: Words = power_of_two(2 * Self::RADIX_BITS, P);

    fn load(from: &Self::Stored) -> Self;
    fn store(self) -> Self::Stored;
    /// The first pair's low element and the second's high one.
    fn merge(low: &Self::Stored, high: &Self::Stored) -> Self::Stored;

    /// Takes two numbers below 2^256. Loose.
    fn unpack(low: &Words, high: &Words) -> Self;
    /// The two numbers modulo p, canonical. Takes carried elements within ±8p.
    fn pack(self) -> [Words; 2];

    /// a·b/R. Takes one loose factor beside a product, or two carried ones.
    fn mul(self, other: Self) -> Self;
    /// (self·other − a·b)/R. Takes two carried factors, and a loose one beside a product.
    fn mul_sub(self, other: Self, a: Self, b: Self) -> Self;
    /// a²/R. Takes a carried pair.
    fn square(self) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    /// The same values. Takes a slack pair.
    fn carried(self) -> Self;
    /// Each element negated where the flag says so.
    fn negate_where(self, negative: [bool; 2]) -> Self;
    /// (high, low)
    fn swapped(self) -> Self;
}
