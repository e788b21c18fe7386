//! No request makes the parser panic, and none is lost: it is events, no alarm, or malformed with a reason.

mod common;

use camhook_ingest::{Adapter, Parsed};
use camhook_instar::InstarHttp;
use proptest::prelude::*;

const DIALECTS: [&str; 3] =
    ["dialect = \"cloud\"", "dialect = \"camera-v1\"\nfaces = \"drop\"", "dialect = \"camera-v2\""];

fn take(query: &str, body: &[u8]) {
    for dialect in DIALECTS {
        let source = common::source(dialect);
        match InstarHttp.parse(&common::request(&source, query, body)) {
            Ok(Parsed::Events(drafts)) => assert_eq!(drafts.len(), 1),
            Ok(Parsed::Partly { events, .. }) => assert_eq!(events.len(), 1),
            Ok(other) => assert!(matches!(other, Parsed::Ignored(_)), "these senders have no heartbeat"),
            Err(malformed) => assert!(!malformed.code.is_empty() && !malformed.detail.is_empty()),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(query in ".{0,200}", body in prop::collection::vec(any::<u8>(), 0..400)) {
        take(&query, &body);
    }

    #[test]
    fn parameters_with_any_values(
        names in prop::collection::vec(
            prop::sample::select(vec!["", "cam", "object", "trigger", "active", "face", "plate", "storage", "x"]), 0..8),
        values in prop::collection::vec("[0-9]{0,22}|[ -~]{0,12}|.{0,6}", 8),
    ) {
        let pairs = names.iter().zip(&values).map(|(name, value)| format!("{name}={value}"));
        let query = pairs.collect::<Vec<_>>().join("&");
        take(&query, b"");
        take("", query.as_bytes());
    }

    #[test]
    fn any_mask_is_an_alarm_unless_it_is_zero(mask in 1_u64.., object in 0_u64..) {
        let source = common::source("dialect = \"camera-v2\"");
        let query = format!("&trigger={mask}&object={object}");
        let request = common::request(&source, &query, b"");
        let parsed = InstarHttp.parse(&request);
        prop_assert!(matches!(parsed, Ok(Parsed::Events(drafts)) if drafts[0].vendor_kind.is_some()));
    }
}
