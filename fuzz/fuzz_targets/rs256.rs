//! What the three kernels of RS256 and the `rsa` crate say to a power.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::rs256::compare(data));
