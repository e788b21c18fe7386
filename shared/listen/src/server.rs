//! The HTTP server: connections in, interpreted requests out.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camhook_ingest::{BODY_LIMIT, Reply};
use camhook_ports::{Clock, SystemClock};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use crate::interpret::{Interpretation, Outcome, interpret};
use crate::request::CapturedRequest;

/// Connections that are open at the same time; further ones are closed.
const CONNECTIONS: usize = 64;

/// How long a peer may take for the head of a request, and for its body.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The first byte of a TLS handshake (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// This machine.
    Loopback,
    /// Peers with private addresses.
    Lan,
}

/// The port cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has it.
    #[error("port {0} is in use: stop the other program, or choose another port with --port")]
    InUse(u16),
    /// Any other reason.
    #[error("failed to listen on port {port}: {error}")]
    Other {
        /// Which port.
        port: u16,
        /// Why.
        error: io::Error,
    },
}

/// Something that happened at the port.
#[derive(Debug)]
pub enum Observation {
    /// A request arrived whole.
    Received(Box<Received>),
    /// A peer speaks TLS to the plain port.
    TlsHandshake(SocketAddr),
    /// A peer's address is not private.
    PeerRefused(SocketAddr),
    /// A peer was turned away since too many connections are open.
    Overloaded(SocketAddr),
    /// What a peer sent is no HTTP request, or ended early.
    Broken {
        /// Who.
        peer: SocketAddr,
        /// What was wrong.
        reason: String,
    },
}

/// A request and what it means.
#[derive(Debug)]
pub struct Received {
    /// The request.
    pub request: CapturedRequest,
    /// What it means.
    pub interpretation: Interpretation,
}

/// An open port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    access: Access,
}

impl Listener {
    /// Opens a port; 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When another program has the port, or this user may not open it.
    pub async fn bind(access: Access, port: u16) -> Result<Self, BindError> {
        let address = match access {
            Access::Loopback => Ipv4Addr::LOCALHOST,
            Access::Lan => Ipv4Addr::UNSPECIFIED,
        };
        let other = |error| BindError::Other { port, error };
        let socket = TcpListener::bind((address, port)).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(port),
            _ => other(error),
        })?;
        let address = socket.local_addr().map_err(other)?;
        Ok(Self { socket, address, access })
    }

    /// The address to type into a camera: the loopback's, or this machine's in its network.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        match self.access {
            Access::Loopback => self.address,
            Access::Lan => SocketAddr::new(lan_address().unwrap_or(self.address.ip()), self.address.port()),
        }
    }

    /// Accepts connections until the receiver of the observations is dropped.
    pub async fn run(self, observations: mpsc::Sender<Observation>) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let clock = Arc::new(SystemClock::start());
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = observations.closed() => return,
            };
            // A connection that was reset before it was accepted.
            let Ok((stream, peer)) = accepted else { continue };
            if !is_allowed(self.access, peer.ip()) {
                drop(observations.try_send(Observation::PeerRefused(peer)));
                continue;
            }
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                drop(observations.try_send(Observation::Overloaded(peer)));
                continue;
            };
            let (observations, clock) = (observations.clone(), Arc::clone(&clock));
            tokio::spawn(async move {
                serve(stream, peer, &observations, &clock).await;
                drop(slot);
            });
        }
    }
}

/// This machine's address in its network: the one from which it would reach a public address. Nothing is sent.
fn lan_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address of the documentation's (RFC 5737).
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

fn is_allowed(access: Access, peer: IpAddr) -> bool {
    match (access, peer.to_canonical()) {
        (Access::Loopback, peer) => peer.is_loopback(),
        (Access::Lan, IpAddr::V4(peer)) => peer.is_private() || peer.is_loopback() || peer.is_link_local(),
        (Access::Lan, IpAddr::V6(peer)) => {
            peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local()
        }
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    observations: &mpsc::Sender<Observation>,
    clock: &SystemClock,
) {
    let mut first = [0];
    match tokio::time::timeout(READ_TIMEOUT, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {
            drop(observations.send(Observation::TlsHandshake(peer)).await);
            return;
        }
        Ok(Ok(1)) => {}
        // A peer that only looked whether the port is open.
        _ => return,
    }
    let service = service_fn(|request| answer(request, peer, observations, clock));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A timeout on an idle connection is how most connections end.
    if let Err(error) = served
        && !error.is_timeout()
    {
        drop(observations.send(Observation::Broken { peer, reason: cause(&error) }).await);
    }
}

/// The innermost error, which names the reason.
fn cause(error: &hyper::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The request was not received whole.
#[derive(Debug, thiserror::Error)]
enum Incomplete {
    #[error("the body did not arrive within {} s", READ_TIMEOUT.as_secs())]
    Timeout,
    #[error("the body ended early: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

async fn answer(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    observations: &mpsc::Sender<Observation>,
    clock: &SystemClock,
) -> Result<Response<Full<Bytes>>, Incomplete> {
    let (head, body) = request.into_parts();
    let announced = body.size_hint().lower();
    let collected = tokio::time::timeout(READ_TIMEOUT, Limited::new(body, BODY_LIMIT).collect());
    let (body, too_large) = match collected.await.map_err(|_| Incomplete::Timeout)? {
        Ok(body) => (body.to_bytes(), None),
        Err(error) if error.is::<LengthLimitError>() => {
            let at_least = usize::try_from(announced).unwrap_or(usize::MAX).max(BODY_LIMIT + 1);
            (Bytes::new(), Some(at_least))
        }
        Err(error) => return Err(Incomplete::Body(error)),
    };
    let headers = head.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), String::from_utf8(value.as_bytes().to_vec()).ok()?))
    });
    let request = CapturedRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
        peer,
        received_at: clock.now(),
    };
    let interpretation = match too_large {
        Some(size) => {
            Interpretation { dialect: None, outcome: Outcome::TooLarge { size }, reply: Reply::empty(413) }
        }
        None => interpret(&request).await,
    };
    let response = response(&interpretation.reply);
    let received = Observation::Received(Box::new(Received { request, interpretation }));
    drop(observations.send(received).await);
    Ok(response)
}

fn response(reply: &Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body.clone().into_owned())));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_peers_are_allowed_on_the_lan() {
        for (address, lan) in [
            ("127.0.0.1", true),
            ("192.168.1.20", true),
            ("10.1.2.3", true),
            ("172.31.0.9", true),
            ("169.254.7.7", true),
            ("fd00::9", true),
            ("fe80::1", true),
            ("::ffff:192.168.1.20", true),
            ("::ffff:203.0.113.9", false),
            ("203.0.113.9", false),
            ("172.32.0.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_allowed(Access::Lan, address.parse().unwrap()), lan, "{address}");
        }
        assert!(!is_allowed(Access::Loopback, "192.168.1.20".parse().unwrap()));
    }
}
