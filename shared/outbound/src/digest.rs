//! HTTP Digest authentication, as pure functions.
//!
//! Source: RFC 7616, with `qop=auth` and the algorithms SHA-256 and MD5, and the form without `qop` that RFC 2617
//! keeps from RFC 2069, for old devices. Session variants, `auth-int` and hashed user names are not spoken: no
//! device that camhook switches asks for them.

use http::{HeaderMap, HeaderValue, header};
use md5::Md5;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

/// The algorithm of a challenge, the better one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// MD5, which is also what a challenge means that names none.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    fn parse(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("SHA-256") {
            Some(Self::Sha256)
        } else if name.eq_ignore_ascii_case("MD5") {
            Some(Self::Md5)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What a server asks to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the server names the algorithm: an old one that does not may not understand its name.
    names_algorithm: bool,
    quality: Quality,
    freshness: Freshness,
}

/// What the answer to a challenge protects: its `qop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    /// Who is asking, with a nonce of the client and a count: `qop=auth`.
    Counted,
    /// Who is asking, as RFC 2069 had it: the challenge names no `qop`.
    Plain,
}

/// What a challenge says of the answer that came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing: there was none, or user or password are wrong.
    New,
    /// It was right, but its nonce is too old: answering again helps.
    Stale,
}

impl Challenge {
    /// What the challenge says of the answer that came before it.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Whether its nonce can be used again, with a growing count.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.quality == Quality::Counted
    }

    /// The best challenge in an answer's headers that can be answered with this algorithm or a better one.
    #[must_use]
    pub fn best(headers: &HeaderMap, weakest: Algorithm) -> Option<Self> {
        let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let challenges = values.filter_map(|value| value.to_str().ok()).flat_map(parse);
        let good = challenges.filter(|challenge| challenge.algorithm >= weakest);
        good.max_by_key(|challenge| challenge.algorithm)
    }
}

/// The schemes of all challenges in an answer's headers, as they are written: `Digest`, `Basic`.
#[must_use]
pub fn challenged_schemes(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    let challenges = values.filter_map(|value| value.to_str().ok()).flat_map(split);
    challenges.map(|(scheme, _)| scheme).collect()
}

/// The parameters of a challenge, with names in lower case.
type Parameters = Vec<(String, String)>;

/// All challenges of one header, each with its scheme.
fn split(header: &str) -> Vec<(String, Parameters)> {
    let mut challenges: Vec<(String, Parameters)> = Vec::new();
    let mut rest = header;
    while let Some((token, after)) = next_token(rest) {
        if let Some((value, after_value)) = next_value(after) {
            if let Some((_, parameters)) = challenges.last_mut() {
                parameters.push((token.to_ascii_lowercase(), value));
            }
            rest = after_value;
        } else {
            // A token without a value is the name of the next challenge's scheme.
            challenges.push((token.to_owned(), Vec::new()));
            rest = after;
        }
    }
    challenges
}

/// All Digest challenges of one header that can be answered. Others are passed over.
fn parse(header: &str) -> Vec<Challenge> {
    split(header).iter().filter_map(|(scheme, parameters)| challenge(scheme, parameters)).collect()
}

/// The next token, and what follows it.
fn next_token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let end = text.find([' ', '\t', ',', '=', '"']).unwrap_or(text.len());
    let (token, rest) = text.split_at_checked(end)?;
    (!token.is_empty()).then_some((token, rest))
}

/// The value behind an `=`, quoted or not, and what follows it.
fn next_value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(position + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    // The closing quote is missing.
    Some((value, ""))
}

fn challenge(scheme: &str, parameters: &[(String, String)]) -> Option<Challenge> {
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let value =
        |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let quality = match value("qop") {
        None => Quality::Plain,
        Some(offered) if offered.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth")) => {
            Quality::Counted
        }
        Some(_) => return None,
    };
    let algorithm = value("algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse)?;
    let is_stale = value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
    Some(Challenge {
        realm: value("realm")?.to_owned(),
        nonce: value("nonce")?.to_owned(),
        opaque: value("opaque").map(str::to_owned),
        algorithm,
        names_algorithm: value("algorithm").is_some(),
        quality,
        freshness: if is_stale { Freshness::Stale } else { Freshness::New },
    })
}

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method, as it is sent.
    pub method: &'a str,
    /// Path and query, as they are sent.
    pub uri: &'a str,
    /// The user.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a SecretString,
    /// How often this nonce is answered, this time included: counted from 1.
    pub count: u32,
    /// The client's own nonce: never the same twice.
    pub client_nonce: &'a str,
}

/// The value of `Authorization`; `None` when a part of it cannot stand in a header.
#[must_use]
pub fn authorization(challenge: &Challenge, asked: &Asked<'_>) -> Option<HeaderValue> {
    let Challenge { realm, nonce, algorithm, .. } = challenge;
    let Asked { method, uri, user, client_nonce, .. } = asked;
    let secret = algorithm.hash(&format!("{user}:{realm}:{}", asked.password.expose_secret()));
    let resource = algorithm.hash(&format!("{method}:{uri}"));
    let count = format!("{:08x}", asked.count);
    let response = algorithm.hash(&match challenge.quality {
        Quality::Counted => format!("{secret}:{nonce}:{count}:{client_nonce}:auth:{resource}"),
        Quality::Plain => format!("{secret}:{nonce}:{resource}"),
    });

    let mut value = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\"",
        quoted(user),
        quoted(realm),
        quoted(nonce),
        quoted(uri),
    );
    if challenge.quality == Quality::Counted {
        value.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{}\"", quoted(client_nonce)));
    }
    if challenge.names_algorithm {
        value.push_str(", algorithm=");
        value.push_str(algorithm.name());
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(", opaque=\"");
        value.push_str(&quoted(opaque));
        value.push('"');
    }
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn rfc_challenge(algorithm: &str) -> String {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"{NONCE}\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    }

    fn response(authorization: &HeaderValue) -> String {
        let text = authorization.to_str().unwrap();
        text.split("response=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// The example of RFC 7616, section 3.9.1.
    #[test]
    fn answers_are_those_of_the_rfc() {
        let password = SecretString::from("Circle of Life".to_owned());
        let asked = Asked {
            method: "GET",
            uri: "/dir/index.html",
            user: "Mufasa",
            password: &password,
            count: 1,
            client_nonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        };
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let challenge = Challenge::best(&headers(&[&rfc_challenge(algorithm)]), Algorithm::Md5).unwrap();
            let value = authorization(&challenge, &asked).unwrap();
            assert_eq!(response(&value), expected);
            assert!(value.is_sensitive());
            assert_eq!(
                value.to_str().unwrap(),
                format!(
                    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"{NONCE}\", \
                     uri=\"/dir/index.html\", response=\"{expected}\", qop=auth, nc=00000001, \
                     cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", algorithm={algorithm}, \
                     opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
                )
            );
        }
    }

    /// The example of RFC 2069, section 2.4, with the response of its errata, computed again with Python's `hashlib`.
    #[test]
    fn a_challenge_without_a_quality_is_answered_as_it_was_before_there_was_one() {
        let old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                   opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let challenge = Challenge::best(&headers(&[old]), Algorithm::Md5).unwrap();
        let password = SecretString::from("CircleOfLife".to_owned());
        let asked = Asked {
            method: "GET",
            uri: "/dir/index.html",
            user: "Mufasa",
            password: &password,
            count: 1,
            client_nonce: "c",
        };
        assert_eq!(
            authorization(&challenge, &asked).unwrap().to_str().unwrap(),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
             response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        );
    }

    #[test]
    fn an_algorithm_that_is_too_weak_is_not_answered() {
        let md5 = headers(&[&rfc_challenge("MD5")]);
        assert_eq!(Challenge::best(&md5, Algorithm::Sha256), None);
        let unnamed = headers(&["Digest realm=\"a\", nonce=\"b\", qop=\"auth\""]);
        assert_eq!(
            Challenge::best(&unnamed, Algorithm::Sha256),
            None,
            "a challenge that names none means MD5"
        );
        let both = headers(&[&rfc_challenge("MD5"), &rfc_challenge("SHA-256")]);
        assert_eq!(Challenge::best(&both, Algorithm::Sha256).unwrap().algorithm, Algorithm::Sha256);
    }

    #[test]
    fn schemes_are_read_outside_of_quotes() {
        let values =
            headers(&["Basic realm=\"Digest or not\", Digest realm=\"a\", nonce=\"b\"", "Negotiate"]);
        assert_eq!(challenged_schemes(&values), ["Basic", "Digest", "Negotiate"]);
    }

    #[test]
    fn the_better_algorithm_is_answered() {
        let both = headers(&[&rfc_challenge("MD5"), "Basic realm=\"x\"", &rfc_challenge("SHA-256")]);
        assert_eq!(Challenge::best(&both, Algorithm::Md5).unwrap().algorithm, Algorithm::Sha256);
        let in_one = format!("{}, {}", rfc_challenge("SHA-256"), rfc_challenge("MD5"));
        assert_eq!(
            Challenge::best(&headers(&[&in_one]), Algorithm::Md5).unwrap().algorithm,
            Algorithm::Sha256
        );
    }

    #[test]
    fn a_challenge_is_read_whatever_its_quotes_and_blanks() {
        let shelly = "Digest qop=\"auth\", realm=\"shellypro1pm-84cca87ea1ac\", nonce=\"1625044100\", \
                      algorithm=SHA-256";
        let challenge = Challenge::best(&headers(&[shelly]), Algorithm::Md5).unwrap();
        assert_eq!(challenge.realm, "shellypro1pm-84cca87ea1ac");
        assert_eq!(challenge.freshness(), Freshness::New);

        let odd = r#"digest REALM = "a \"b\", c\\d" ,nonce=n1,qop=auth,stale=TRUE"#;
        let challenge = Challenge::best(&headers(&[odd]), Algorithm::Md5).unwrap();
        assert_eq!(challenge.realm, r#"a "b", c\d"#);
        assert_eq!(challenge.nonce, "n1");
        assert_eq!(challenge.algorithm, Algorithm::Md5);
        assert_eq!(challenge.freshness(), Freshness::Stale);

        let password = SecretString::from("p".to_owned());
        let asked = Asked {
            method: "GET",
            uri: "/",
            user: "admin",
            password: &password,
            count: 17,
            client_nonce: "c",
        };
        let value = authorization(&challenge, &asked).unwrap();
        let text = value.to_str().unwrap();
        assert!(text.contains(r#"realm="a \"b\", c\\d""#), "{text}");
        assert!(text.contains("nc=00000011") && !text.contains("algorithm"), "{text}");
    }

    #[test]
    fn what_cannot_be_answered_is_passed_over() {
        for unanswerable in [
            "",
            "Basic realm=\"x\"",
            "Digest",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth\", algorithm=SHA-512-256",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth\", algorithm=MD5-sess",
            "Digest realm=\"x\", qop=\"auth\"",
            "Digest realm=\"x\", qop=auth",
            "Digest realm=\"x",
            "= \" , =",
            "\"",
        ] {
            assert_eq!(Challenge::best(&headers(&[unanswerable]), Algorithm::Md5), None, "{unanswerable}");
        }
    }
}
