//! The meaning of a device's answer, as far as it does not depend on the device.
//!
//! Only proof counts. An answer is received after the request was delivered, so its status does not prove that nothing
//! happened: there are boards that switch and answer 404, and gateways that answer 504 after the device has switched.
//! Proof is what the driver's device documents, and a challenge of HTTP Digest, which precedes any execution.

use camhook_outbound::Answer;
use camhook_outbound::digest::challenged_schemes;
use http::header;
use serde_json::{Map, Value};

use crate::SendOutcome;

/// The longest part of a device's answer that is kept, in characters.
const MAX_TEXT: usize = 300;

/// The beginning of an answer in one line.
pub(super) fn text(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    body.trim().chars().map(|one| if one.is_control() { ' ' } else { one }).take(MAX_TEXT).collect()
}

/// `status 200`.
pub(super) fn status(answer: &Answer) -> String {
    format!("status {}", answer.status.as_u16())
}

/// `status 404 Not found`.
pub(super) fn status_and_text(answer: &Answer) -> String {
    format!("{} {}", status(answer), text(answer)).trim_end().to_owned()
}

/// The meaning of an answer that the driver's device does not document.
pub(super) fn undocumented(answer: &Answer, device: &str) -> SendOutcome {
    if is_challenge(answer, "Digest") {
        return SendOutcome::NotExecuted(format!(
            "{}: the device does not accept user and password",
            status(answer)
        ));
    }
    if answer.status.is_redirection() {
        return SendOutcome::Unconfirmed(redirect(answer));
    }
    if answer.status.is_success() {
        return SendOutcome::Unconfirmed(format!("{}, which is not an answer of a {device}", status(answer)));
    }
    SendOutcome::Unconfirmed(status_and_text(answer))
}

/// Whether an answer requests authentication by a scheme: `Basic` or `Digest`.
pub(super) fn is_challenge(answer: &Answer, scheme: &str) -> bool {
    answer.status == http::StatusCode::UNAUTHORIZED
        && challenged_schemes(&answer.headers)
            .iter()
            .any(|challenged| challenged.eq_ignore_ascii_case(scheme))
}

/// The refusal of a device that documents HTTP Basic; `None` if the answer is not one.
pub(super) fn refused_login(answer: &Answer) -> Option<SendOutcome> {
    is_challenge(answer, "Basic").then(|| {
        SendOutcome::NotExecuted(format!("{}: the device does not accept user and password", status(answer)))
    })
}

/// Describes a redirect without its location, which may contain a secret.
fn redirect(answer: &Answer) -> String {
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let is_to_https = location.is_some_and(|location| location.to_ascii_lowercase().starts_with("https://"));
    let hint = if is_to_https {
        "the device redirects to HTTPS: use https in `url`"
    } else {
        "the device redirects, and redirects are not followed: set the new address in `url`"
    };
    format!("{}: {hint}", status(answer))
}

/// The members of an answer that is a JSON object.
pub(super) fn object(answer: &Answer) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// Answers for the tests of the drivers.
#[cfg(test)]
pub(super) mod testing {
    use bytes::Bytes;
    use camhook_outbound::Completeness;
    use http::{HeaderMap, StatusCode};

    use super::*;

    pub(in crate::driver) fn answer(status: u16, body: &'static str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            completeness: Completeness::Whole,
        }
    }

    pub(in crate::driver) fn answer_with(
        status: u16,
        header: http::HeaderName,
        value: &'static str,
        body: &'static str,
    ) -> Answer {
        let mut answer = answer(status, body);
        answer.headers.insert(header, http::HeaderValue::from_static(value));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{answer, answer_with};
    use super::*;

    #[test]
    fn no_status_proves_that_nothing_happened() {
        for status in [200, 204, 400, 401, 404, 409, 429, 500, 502, 503, 504] {
            let outcome = undocumented(&answer(status, "not\r\nfound"), "relay");
            let SendOutcome::Unconfirmed(text) = outcome else { panic!("{status}: {outcome:?}") };
            assert!(text.starts_with(&format!("status {status}")) && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn before_a_digest_challenge_is_answered_nothing_happens() {
        let name = header::WWW_AUTHENTICATE;
        for (value, is_refusal) in [
            ("Digest realm=\"a\", nonce=\"b\"", true),
            ("Basic realm=\"a\", digest realm=\"b\"", true),
            ("Basic realm=\"Digest or not\"", false),
            ("Negotiate", false),
        ] {
            let outcome = undocumented(&answer_with(401, name.clone(), value, ""), "relay");
            assert_eq!(matches!(outcome, SendOutcome::NotExecuted(_)), is_refusal, "{value}");
        }
        let not_401 = answer_with(404, name, "Digest realm=\"a\"", "");
        assert!(matches!(undocumented(&not_401, "relay"), SendOutcome::Unconfirmed(_)));
    }

    #[test]
    fn a_redirect_says_what_to_do_and_not_where_it_leads() {
        let to = |location| undocumented(&answer_with(301, header::LOCATION, location, ""), "relay");
        let SendOutcome::Unconfirmed(text) = to("HTTPS://192.168.1.2/api?key=secret") else { panic!() };
        assert_eq!(text, "status 301: the device redirects to HTTPS: use https in `url`");
        let SendOutcome::Unconfirmed(text) = to("/login?key=secret") else { panic!() };
        assert!(text.contains("not followed") && !text.contains("secret"), "{text}");
    }
}
