//! The client.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::BytesMut;
use camhook_ports::Network;
use http::{HeaderValue, header};
use secrecy::SecretString;
use url::{Host, Url};

use crate::address::{Forbidden, check};
use crate::authentication::authorization;
use crate::digest::{Algorithm, Asked, Challenge, Freshness};
use crate::nonces::{NonceKey, Nonces};
use crate::request::{Answers, origin};
use crate::resolver::CheckingResolver;
use crate::{Answer, Authentication, Completeness, Error, Failure, NotSent, Outcome, Request, digest, tls};

/// Where the stack runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// In the cloud, or on site: never speaks to its own machine.
    Deployed,
    /// Whole on one machine: `network = "loopback"` is honoured.
    Local,
}

/// How long a request may take, and how much an answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands, the look-up of the name and the TLS handshake included.
    pub connect: Duration,
    /// From the beginning to the last byte of the answer, for each exchange; Digest takes up to three.
    pub total: Duration,
    /// The most that is read of an answer's body, in bytes.
    pub answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10), answer: 64 * 1024 }
    }
}

/// The guarded client.
///
/// It is made at start-up and costs nothing until something is sent: only then are the system's root
/// certificates read, once.
#[derive(Debug)]
pub struct Client {
    stack: Stack,
    limits: Limits,
    usual: Connectors,
    taking_bare_answers: Connectors,
    roots: OnceLock<Roots>,
    nonces: Nonces,
}

/// One client of each network, made when it is first needed.
#[derive(Debug, Default)]
struct Connectors {
    public: OnceLock<reqwest::Client>,
    lan: OnceLock<reqwest::Client>,
    loopback: OnceLock<reqwest::Client>,
}

impl Connectors {
    fn of(&self, network: Network) -> &OnceLock<reqwest::Client> {
        match network {
            Network::Public => &self.public,
            Network::Lan => &self.lan,
            Network::Loopback => &self.loopback,
        }
    }
}

/// What the system's root certificates are good for.
#[derive(Debug)]
enum Roots {
    Trusted(Box<rustls::ClientConfig>),
    /// There are none, or they cannot be read, with the reason: plain HTTP works all the same.
    Missing(String),
}

impl Client {
    /// A client with these limits.
    #[must_use]
    pub fn new(stack: Stack, limits: Limits) -> Self {
        let (usual, taking_bare_answers) = (Connectors::default(), Connectors::default());
        let (roots, nonces) = (OnceLock::new(), Nonces::default());
        Self { stack, limits, usual, taking_bare_answers, roots, nonces }
    }

    /// Where the stack runs.
    #[must_use]
    pub fn stack(&self) -> Stack {
        self.stack
    }

    /// How long a request may take, and how much an answer may hold.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends a request to an address in a network, once.
    ///
    /// A Digest challenge is answered, and answered again when the other side calls the first answer stale; what is
    /// asked for has no effect before the answer is accepted. The nonce of an accepted answer is used again with a
    /// growing count: servers keep a table of nonces, which a new one for each request would fill.
    pub async fn send(&self, network: Network, request: &Request) -> Outcome {
        let Authentication::Digest { user, password, weakest } = &request.authentication else {
            return self.exchange(network, request, None).await;
        };
        let (credential, key) = ((user.as_str(), password), NonceKey::new(request, user));
        let first = match self.nonces.next(&key) {
            Some((challenge, count)) => self.answer(network, request, &challenge, count, credential).await,
            None => self.exchange(network, request, None).await,
        };
        let Some(mut challenge) = challenged(&first, *weakest) else { return first };
        let mut outcome = self.answer(network, request, &challenge, 1, credential).await;
        let again = challenged(&outcome, *weakest);
        if let Some(fresh) = again.filter(|again| again.freshness() == Freshness::Stale) {
            challenge = fresh;
            outcome = self.answer(network, request, &challenge, 1, credential).await;
        }
        if challenged(&outcome, *weakest).is_some() {
            self.nonces.forget(&key);
        } else if challenge.is_counted() {
            self.nonces.keep(key, challenge);
        }
        outcome
    }

    async fn answer(
        &self,
        network: Network,
        request: &Request,
        challenge: &Challenge,
        count: u32,
        (user, password): (&str, &SecretString),
    ) -> Outcome {
        let unusable =
            |reason: String| Outcome::NotSent(NotSent::Unusable { origin: origin(&request.url), reason });
        let client_nonce = match client_nonce() {
            Ok(nonce) => nonce,
            Err(error) => return unusable(error.to_string()),
        };
        let uri = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        let asked = Asked {
            method: request.method.as_str(),
            uri: &uri,
            user,
            password,
            count,
            client_nonce: &client_nonce,
        };
        let Some(authorization) = digest::authorization(challenge, &asked) else {
            return unusable("the challenge cannot be answered in a header".to_owned());
        };
        self.exchange(network, request, Some(authorization)).await
    }

    async fn exchange(
        &self,
        network: Network,
        request: &Request,
        answer_to_challenge: Option<HeaderValue>,
    ) -> Outcome {
        let built = self.prepare(network, request, answer_to_challenge);
        let (client, request_to_send) = match built {
            Ok(built) => built,
            Err(not_sent) => return Outcome::NotSent(not_sent),
        };
        match client.execute(request_to_send).await {
            Ok(response) => {
                let answer = self.read(response).await;
                if answer.status.is_success() { Outcome::Done(answer) } else { Outcome::Refused(answer) }
            }
            Err(error) => failed(origin(&request.url), error),
        }
    }

    fn prepare(
        &self,
        network: Network,
        request: &Request,
        answer_to_challenge: Option<HeaderValue>,
    ) -> Result<(&reqwest::Client, reqwest::Request), NotSent> {
        let origin = || origin(&request.url);
        let unusable = |reason: String| NotSent::Unusable { origin: origin(), reason };
        if network == Network::Loopback && self.stack == Stack::Deployed {
            return Err(NotSent::LoopbackDeployed { origin: origin() });
        }
        check_url(&request.url, network)
            .map_err(unusable)?
            .map_err(|reason| NotSent::Forbidden { origin: origin(), reason })?;

        let client = self.client(network, request.answers).map_err(|error| unusable(error.to_string()))?;
        if let (Roots::Missing(reason), "https") = (self.roots(), request.url.scheme()) {
            let error = Error::Client { reason: reason.clone() };
            return Err(unusable(error.to_string()));
        }
        let mut headers = request.headers.clone();
        let always = authorization(&request.authentication).transpose();
        let always = always.map_err(|_| unusable("the credential cannot stand in a header".to_owned()))?;
        if let Some(value) = answer_to_challenge.or(always) {
            headers.insert(header::AUTHORIZATION, value);
        }
        let builder = client.request(request.method.clone(), request.url.clone()).headers(headers);
        let built = builder.body(request.body.clone()).build();
        Ok((client, built.map_err(|error| unusable(reason(&error.without_url())))?))
    }

    fn client(&self, network: Network, answers: Answers) -> Result<&reqwest::Client, Error> {
        let connectors = match answers {
            Answers::Http1 => &self.usual,
            Answers::BareToo => &self.taking_bare_answers,
        };
        let cell = connectors.of(network);
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let tls = match self.roots() {
            Roots::Trusted(config) => config.as_ref().clone(),
            Roots::Missing(_) => {
                tls::trusting_nobody().map_err(|error| Error::Client { reason: error.to_string() })?
            }
        };
        let client = build(network, answers, self.limits, tls)?;
        Ok(cell.get_or_init(|| client))
    }

    fn roots(&self) -> &Roots {
        self.roots.get_or_init(|| match tls::trusting_the_system() {
            Ok(config) => Roots::Trusted(Box::new(config)),
            Err(error) => Roots::Missing(error.to_string()),
        })
    }

    /// Reads an answer. Its status stands whatever becomes of its body.
    async fn read(&self, mut response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        let completeness = loop {
            let room = self.limits.answer.saturating_sub(body.len());
            match response.chunk().await {
                Ok(Some(chunk)) if chunk.len() <= room => body.extend_from_slice(&chunk),
                Ok(Some(chunk)) => {
                    body.extend_from_slice(chunk.get(..room).unwrap_or_default());
                    break Completeness::Cut;
                }
                Ok(None) => break Completeness::Whole,
                Err(_) => break Completeness::Cut,
            }
        };
        Answer { status, headers, body: body.freeze(), completeness }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the guarded client that all others are to use")]
fn build(
    network: Network,
    answers: Answers,
    limits: Limits,
    tls: rustls::ClientConfig,
) -> Result<reqwest::Client, Error> {
    let builder = match answers {
        Answers::Http1 => reqwest::Client::builder(),
        Answers::BareToo => reqwest::Client::builder().http09_responses(),
    };
    builder
        .tls_backend_preconfigured(tls)
        .dns_resolver(CheckingResolver::new(network))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        // A connection that idles may be dead when it is used next, and then nobody knows what was sent.
        .pool_max_idle_per_host(0)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .user_agent(concat!("camhook/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::Client { reason: reason(&error) })
}

/// Whether a URL may be used at all (the outer result), and its literal address spoken to (the inner one).
/// Names are checked when they are resolved. The URL's own rules have turned hosts like `2130706433`,
/// `0x7f.1` or `0177.0.0.1` into the addresses that they mean.
fn check_url(url: &Url, network: Network) -> Result<Result<(), Forbidden>, String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme is {}, not http or https", url.scheme()));
    }
    match url.host() {
        None => Err("the URL has no host".to_owned()),
        Some(Host::Domain(_)) => Ok(Ok(())),
        Some(Host::Ipv4(address)) => Ok(check(IpAddr::V4(address), network)),
        Some(Host::Ipv6(address)) => Ok(check(IpAddr::V6(address), network)),
    }
}

fn challenged(outcome: &Outcome, weakest: Algorithm) -> Option<Challenge> {
    match outcome {
        Outcome::Refused(Answer { status: http::StatusCode::UNAUTHORIZED, headers, .. }) => {
            Challenge::best(headers, weakest)
        }
        _ => None,
    }
}

fn client_nonce() -> Result<String, Error> {
    let mut octets = [0_u8; 16];
    getrandom::fill(&mut octets).map_err(|reason| Error::Random { reason })?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn failed(origin: String, error: reqwest::Error) -> Outcome {
    let error = error.without_url();
    if let Some(forbidden) = causes(&error).find_map(|cause| cause.downcast_ref::<Forbidden>()) {
        return Outcome::NotSent(NotSent::Forbidden { origin, reason: *forbidden });
    }
    let reason = reason(&error);
    if error.is_builder() {
        return Outcome::NotSent(NotSent::Unusable { origin, reason });
    }
    if error.is_connect() {
        return Outcome::NotSent(NotSent::NotConnected { origin, reason });
    }
    Outcome::NoAnswer(Failure { origin, reason })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |cause| StdError::source(*cause))
}

/// An error with all its causes, which alone say what happened.
fn reason(error: &reqwest::Error) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
