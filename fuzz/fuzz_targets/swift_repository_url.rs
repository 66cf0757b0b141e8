//! See `formats::fuzzing::swift_repository_url`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::swift_repository_url(data));
