//! A server on a free port of the loopback whose answers a test decides, and a client for it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::wait;

/// What a server does with a request.
#[derive(Debug)]
pub enum Reply {
    /// It answers.
    Answer(Response<Bytes>),
    /// It keeps the connection open and says nothing.
    Silence,
    /// Closes the connection without an answer.
    Close,
}

impl Reply {
    /// An answer with a status and a text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<Bytes>) -> Self {
        let mut response = Response::new(text.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Self::Answer(response)
    }

    /// An answer with a status and JSON.
    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::text(status, value.to_string()).with_header("content-type", "application/json")
    }

    /// The same with one more header field.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(response) = &mut self {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        self
    }
}

/// A server on the loopback. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// The request was not answered, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Closed;

impl HttpServer {
    /// Starts a server on a free port.
    pub async fn start<A, F>(answer: A) -> Self
    where
        A: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(answer);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&answer)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, accepting }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve<A, F>(stream: TcpStream, answer: Arc<A>)
where
    A: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let answer = Arc::clone(&answer);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
            match answer(Request::from_parts(head, body)).await {
                Reply::Answer(response) => Ok::<_, Closed>(response.map(Full::new)),
                Reply::Silence => std::future::pending().await,
                Reply::Close => Err(Closed),
            }
        }
    });
    // A client that goes away in the middle is the test's business, not the server's.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A client that sends what it is given and follows nothing.
#[derive(Debug, Clone)]
pub struct HttpClient(Client<HttpConnector, Full<Bytes>>);

impl Default for HttpClient {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

impl HttpClient {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When the server is not there, or answers nothing.
    pub async fn try_send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, hyper_util::client::legacy::Error> {
        let (head, body) = self.0.request(request.map(Full::new)).await?.into_parts();
        // What was announced and does not come is shorter: whoever reads it sees that.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request; the test fails when there is no answer.
    pub async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        let what = format!("an answer of {}", request.uri());
        wait::within(&what, self.try_send(request)).await.unwrap()
    }
}

/// The value of a header field as text, or nothing.
#[must_use]
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
