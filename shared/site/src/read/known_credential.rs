//! Credentials that are public: those of documentation, and those that everybody tries first.

use url::Url;

/// Tokens that no source may have, and their SHA-256. The first ones stood in the examples of earlier versions of the
/// documentation.
const TOKENS: [(&str, &str); 21] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("test", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("test2", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"),
    ("test3", "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13"),
    ("test4", "a4e624d686e03ed2767c0abd85c14426b0b1157d2ce81d27bb4fe4f6f01d688a"),
    ("test5", "a140c0c1eda2def2b830363ba362aa4d7d255c262960544821f556e16661b6ff"),
    ("token", "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"),
    ("secret", "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"),
    ("password", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
    ("camhook", "6f5df5f9ca112b0dc1c4f0166b7f0012bfb89f9cb564133d12c2e232da905738"),
    ("admin", "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918"),
    ("1234", "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4"),
    ("12345", "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"),
    ("123456", "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"),
    ("12345678", "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f"),
    ("changeme", "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86"),
    ("example", "50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("TOKEN", "f98103e9217f099208569d295c1b276f1821348636c268c854bb2a086e0037cd"),
    ("…", "b4935894c8ce16bde67bbffc672428b1533c4f1e1e8b1ce21a2933183db6bfa5"),
    ("...", "ab5df625bc76dbd4e163bed2dd888df828f90159bb93556525c31821b6541d46"),
];

/// Topics of ntfy that stand in the documentation.
const TOPICS: [&str; 4] =
    ["my-topic-that-nobody-guesses", "another-topic-that-nobody-guesses", "TOPIC", "topic"];

/// The server on which everybody may read a topic whose name is known.
const PUBLIC_SERVER: &str = "ntfy.sh";

/// The well-known token that has this SHA-256, in hexadecimal digits.
pub(super) fn token_of(sha256: &str) -> Option<&'static str> {
    TOKENS.iter().find(|(_, known)| known.eq_ignore_ascii_case(sha256)).map(|(token, _)| *token)
}

/// Whether an address is a topic of the documentation on a public server.
pub(crate) fn is_documented_topic(url: &Url) -> bool {
    url.host_str() == Some(PUBLIC_SERVER) && TOPICS.contains(&url.path().trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use sha2::{Digest as _, Sha256};

    use super::*;

    fn hexadecimal(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn each_digest_is_the_one_of_its_token() {
        for (token, sha256) in TOKENS {
            assert_eq!(hexadecimal(&Sha256::digest(token)), sha256, "`{token}`");
            assert_eq!(token_of(&sha256.to_uppercase()), Some(token));
        }
        assert_eq!(token_of(&"0f".repeat(32)), None);
    }

    /// Every page of the documentation.
    fn pages(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] })
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .collect()
    }

    #[test]
    fn no_credential_of_the_documentation_can_be_deployed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut pages = pages(&root.join("docs"));
        pages.push(root.join("README.md"));
        assert!(pages.len() > 20, "the documentation is gone");
        for page in pages {
            let text = std::fs::read_to_string(&page).unwrap();
            for quoted in text.split('"') {
                let is_sha256 = quoted.len() == 64 && quoted.bytes().all(|octet| octet.is_ascii_hexdigit());
                assert!(!is_sha256 || token_of(quoted).is_some(), "{}: {quoted}", page.display());
                if let Some(topic) = quoted.strip_prefix("https://ntfy.sh/") {
                    let url = Url::parse(quoted).unwrap();
                    assert!(is_documented_topic(&url), "{}: {topic}", page.display());
                }
            }
        }
    }
}
