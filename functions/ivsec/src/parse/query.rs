//! The query of a GET.

use camhook_json::{Json, Object};
use percent_encoding::percent_decode_str;

/// The parameters of a query. A blank is `+` or `%20`; empty pairs are skipped, and invalid UTF-8 is replaced.
pub(crate) fn parameters(query: &str) -> Object<'static> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name).into(), Json::Text(decoded(value).into()))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_and_empty_pairs_are_read_as_devices_send_them() {
        let query = "&EventType=VideoMotion&EventTime=2023-7-13+7:18:49&&ChannelName=front%20door%FF&flag&=";
        let pairs: Vec<_> =
            parameters(query).iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        assert_eq!(
            pairs,
            [
                "EventType=Text(\"VideoMotion\")",
                "EventTime=Text(\"2023-7-13 7:18:49\")",
                "ChannelName=Text(\"front door\u{FFFD}\")",
                "flag=Text(\"\")",
                "=Text(\"\")",
            ]
        );
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(query in ".{0,80}") {
            let _ = parameters(&query);
        }
    }
}
