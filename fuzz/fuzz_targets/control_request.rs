#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| camhook_fuzz_targets::run("control_request", input));
