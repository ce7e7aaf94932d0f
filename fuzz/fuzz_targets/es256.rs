//! What both kernels of ES256 and the `p256` crate say to a key and a signature.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::es256::compare(data));
