/// No text makes the reader of camhook.toml panic, an invalid text is never refused without a reason, and functions
/// accept what the watchdog accepts. An input that is not UTF-8 is read with replacement characters.
pub(crate) fn configuration(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let read = camhook_site::read(&text, "camhook.toml");
    let loaded = camhook_site::load(&text, "camhook.toml");
    assert_eq!(read.is_ok(), loaded.is_ok(), "functions and the watchdog accept the same");
    for problems in [read.map(|_| ()), loaded.map(|_| ())].into_iter().filter_map(Result::err) {
        assert!(!problems.is_empty(), "a refused configuration has a reason");
        for problem in problems {
            assert!(!problem.to_string().is_empty(), "a reason has a text");
        }
    }
}
