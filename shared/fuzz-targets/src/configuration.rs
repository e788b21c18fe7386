/// No text makes the reader of camhook.toml panic, and an invalid text is never refused without a reason. An input that
/// is not UTF-8 is read with replacement characters.
pub(crate) fn configuration(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(problems) = camhook_site::read(&text, "camhook.toml") {
        assert!(!problems.is_empty(), "a refused configuration has a reason");
        for problem in problems {
            assert!(!problem.to_string().is_empty(), "a reason has a text");
        }
    }
}
