use camhook_control::{ModeRequest, parse};

/// No request that sets a mode makes its parser panic, and one that is accepted names the mode of its path. The first line
/// of the input is the path below the source, the rest is the body.
pub(crate) fn control_request(input: &[u8]) {
    let end = input.iter().position(|octet| *octet == b'\n').unwrap_or(input.len());
    let (path, body) = input.split_at(end);
    let path = String::from_utf8_lossy(path);
    let rest: Vec<String> =
        path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let Ok(ModeRequest { area, mode }) = parse(&rest, body) else { return };
    match rest.as_slice() {
        [] => assert!(!body.trim_ascii().is_empty(), "a mode comes from somewhere"),
        [only] => assert_eq!((area.as_deref(), &mode), (None, only)),
        [first, second] => assert_eq!((area.as_ref(), &mode), (Some(first), second)),
        _ => panic!("a path of {} segments was accepted", rest.len()),
    }
}
