//! See `formats::fuzzing::swift_manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::swift_manifest(data));
