//! xorshift64*: numbers that anybody can make again from their seed. Not for secrets.

use rsa::BigUint;

pub(crate) struct Sequence(u64);

impl Sequence {
    /// Each group of each suite has its own numbers.
    pub(crate) fn new(seed: u64, group: u32) -> Self {
        let mixed = (seed ^ u64::from(group).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self((mixed ^ mixed >> 29).max(1))
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Big-endian; one in four is made of runs of equal bits.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = Vec::with_capacity(length + 7);
        while bytes.len() < length {
            bytes.extend(self.word().to_be_bytes());
        }
        bytes.truncate(length);
        if self.one_in(4) {
            let mut bit = 0;
            while bit < 8 * length {
                let (run, ones) = (1 + self.below(96) as usize, self.one_in(2));
                for bit in bit..(8 * length).min(bit + run) {
                    bytes[bit / 8] = bytes[bit / 8] & !(1 << (bit % 8)) | u8::from(ones) << (bit % 8);
                }
                bit += run + self.below(16) as usize;
            }
        }
        bytes
    }

    pub(crate) fn number(&mut self, bits: usize) -> BigUint {
        BigUint::from_bytes_be(&self.bytes(bits.div_ceil(8))) >> (bits.div_ceil(8) * 8 - bits)
    }
}
