//! A server on the loopback interface that notes what it receives and answers as a test says.
//!
//! HTTP/1.1, one request for each connection, bodies with a length: as the client sends them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What the server does once it has the whole request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// It answers.
    Answer {
        /// The status.
        status: u16,
        /// The headers, but for the length.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Bytes,
    },
    /// It answers with these bytes, whatever they are, and closes the connection.
    Bare(Bytes),
    /// Closes the connection without an answer.
    Close,
    /// It keeps the connection open and says nothing.
    Silence,
}

impl Reply {
    /// An answer with a status alone.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: vec![], body: Bytes::new() }
    }

    /// An answer with a status and a header.
    #[must_use]
    pub fn with_header(status: u16, name: &'static str, value: &str) -> Self {
        Self::Answer { status, headers: vec![(name, value.to_owned())], body: Bytes::new() }
    }
}

type Answering = dyn Fn(&Received) -> Reply + Send + Sync;

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    accepting: JoinHandle<()>,
}

impl TestServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    ///
    /// When the machine gives no port.
    pub async fn start(
        answering: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let (notes, answering): (_, Arc<Answering>) = (Arc::clone(&received), Arc::new(answering));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (notes, answering) = (Arc::clone(&notes), Arc::clone(&answering));
                // A client that goes away in the middle is the test's business, not the server's.
                tokio::spawn(async move { serve(stream, &notes, &answering).await.ok() });
            }
        });
        Ok(Self { address, received, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it, which begins with `/`.
    ///
    /// # Errors
    ///
    /// When the path is none.
    pub fn url(&self, path: &str) -> Result<Url, url::ParseError> {
        format!("http://{}{path}", self.address).parse()
    }

    /// What it received, in its order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn invalid(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned())
}

async fn serve(
    stream: TcpStream,
    notes: &Mutex<Vec<Received>>,
    answering: &Arc<Answering>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream).await?;
    let reply = answering(&request);
    notes.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    match reply {
        Reply::Close => Ok(()),
        Reply::Bare(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reply::Silence => std::future::pending().await,
        Reply::Answer { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.flush().await
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Received> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let method = words.next().ok_or_else(|| invalid("no method"))?;
    let target = words.next().ok_or_else(|| invalid("no target"))?;
    let mut headers = HeaderMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        let name = name.parse::<HeaderName>().map_err(|_| invalid("no header name"))?;
        let value = HeaderValue::from_str(value.trim()).map_err(|_| invalid("no header value"))?;
        headers.append(name, value);
    }
    let length = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(Received { method, target, headers, body: Bytes::from(body) })
}
