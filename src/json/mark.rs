//! What tells most names apart without a look at the text. Equal marks prove nothing.

/// Differs for most strings that differ: their length, first and last byte, in one number to compare.
pub(super) fn mark(text: &str) -> u32 {
    let byte = |byte: Option<&u8>| byte.map_or(0, |byte| u32::from(*byte));
    let bytes = text.as_bytes();
    (bytes.len() as u32) << 16 | byte(bytes.first()) << 8 | byte(bytes.last())
}

/// One of 64 bits: of the marks of a few names, most have one of their own.
pub(super) const fn bit(mark: u32) -> u64 {
    1 << bit_number(mark)
}

pub(super) const fn bit_number(mark: u32) -> u32 {
    // 2^32 over the golden ratio, as Fibonacci hashing has it: what differs anywhere differs in the upper six bits.
    mark.wrapping_mul(0x9e37_79b9) >> 26
}
