//! Failures of a call before AWS answered it, in one sentence for a person: the SDK's own texts for them are values of its
//! types.

use std::error::Error;

/// How the sentence begins when there are no credentials, or they cannot be renewed.
const NO_CREDENTIALS: &str = "no usable AWS credentials";

/// How the sentence begins when there is no connection.
const UNREACHABLE: &str = "AWS cannot be reached";

/// What the SDK says where neither the environment nor the profile has credentials.
const NO_PROVIDER: &str = "the credential provider was not enabled";

/// What the errors of the SDK's providers of credentials and tokens say, and no other error.
const OF_CREDENTIALS: [&str; 4] =
    ["credential provider", "credentials provider", "access token provider", "loading credentials"];

/// What the SDK says of a call that got no answer.
const OF_CONNECTION: [&str; 2] = ["dispatch failure", "request has timed out"];

/// What failed, with its last cause.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        causes.push(error.to_string());
        next = error.source();
    }
    let says = |texts: &[&str]| causes.iter().any(|cause| texts.iter().any(|text| cause.contains(text)));
    let last = causes.last().map(String::as_str).unwrap_or_default();
    if says(&OF_CREDENTIALS) {
        let last = if last == NO_PROVIDER { "the profile does not exist, or has none" } else { last };
        return format!("{NO_CREDENTIALS}: {last}");
    }
    if says(&OF_CONNECTION) {
        return format!("{UNREACHABLE}: {last}");
    }
    causes.dedup();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// An error with a cause.
    #[derive(Debug)]
    struct Chain(&'static str, Option<Box<Chain>>);

    impl fmt::Display for Chain {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for Chain {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn what_is_wrong_is_one_sentence_with_the_last_cause() {
        for (texts, expected) in [
            (
                &[
                    "dispatch failure",
                    "other",
                    "the credentials provider was not properly configured",
                    "profile `house` was not defined",
                ][..],
                "no usable AWS credentials: profile `house` was not defined",
            ),
            (
                &["dispatch failure", "other", "the credential provider was not enabled"],
                "no usable AWS credentials: the profile does not exist, or has none",
            ),
            (
                &["the credential provider was not enabled", "no providers in chain provided credentials"],
                "no usable AWS credentials: no providers in chain provided credentials",
            ),
            (
                &[
                    "dispatch failure",
                    "other",
                    "an error occurred while loading credentials",
                    "token expired",
                ],
                "no usable AWS credentials: token expired",
            ),
            (
                &["dispatch failure", "io error", "connection refused (os error 111)"],
                "AWS cannot be reached: connection refused (os error 111)",
            ),
            (&["request has timed out", "no answer in 1.5 s"], "AWS cannot be reached: no answer in 1.5 s"),
            (&["response error", "not XML", "not XML"], "response error: not XML"),
        ] {
            let chain = texts.iter().rev().fold(None, |cause, text| Some(Box::new(Chain(text, cause))));
            assert_eq!(describe(&*chain.unwrap()), expected);
        }
    }
}
