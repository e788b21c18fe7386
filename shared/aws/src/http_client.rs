//! The HTTP client under the SDK's: reqwest, which the functions have in any case.
//!
//! The SDK's own client brings HTTP/2 and a second connector. AWS's endpoints take HTTP/1.1, and one stack is smaller
//! and starts sooner than two (docs/performance.md).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_s3::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use camhook_outbound::tls;
use jiff::Timestamp;

/// How long an unused connection is kept. S3 closes it after about 20 s, and a request on it then fails.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// The client of all services: one pool of connections. Made, and the system's root certificates read, when it is
/// first used.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(Connector::default())
}

/// A client that makes a connection for each request, for a request that must not be retried: on a kept connection
/// that the service has closed, it would fail without it being known whether the service received it.
pub(crate) fn fresh_connections_client() -> SharedHttpClient {
    SharedHttpClient::new(Connector { connections: Connections::Fresh, ..Connector::default() })
}

/// The same, and every exchange is reported to an observer of the time.
pub(crate) fn observed_http_client(observer: Arc<dyn TimeObserver>) -> SharedHttpClient {
    SharedHttpClient::new(Connector { observer: Some(observer), ..Connector::default() })
}

/// Learns from each exchange what time it is at AWS.
pub trait TimeObserver: std::fmt::Debug + Send + Sync {
    /// The time of a clock that only goes forward.
    fn elapsed(&self) -> Duration;

    /// An answer says that it was made in the second after `date`; that was after `sent` and before `received`, by
    /// [`TimeObserver::elapsed`].
    fn observe(&self, date: Timestamp, sent: Duration, received: Duration);
}

#[derive(Debug, Clone, Default)]
struct Connector {
    client: Arc<OnceLock<reqwest::Client>>,
    connections: Connections,
    observer: Option<Arc<dyn TimeObserver>>,
}

/// Which connections requests use.
#[derive(Debug, Clone, Copy, Default)]
enum Connections {
    /// Connections of earlier requests, unless they were unused for [`IDLE_LIMIT`].
    #[default]
    Kept,
    /// A new one for each request.
    Fresh,
}

impl HttpClient for Connector {
    /// The limits of the settings are parts of an attempt's, which the SDK itself watches over.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, observer) = (self.client(), self.observer.clone());
        HttpConnectorFuture::new(async move {
            let Some(observer) = observer else { return exchange(client?, request).await };
            let sent = observer.elapsed();
            let response = exchange(client?, request).await?;
            let received = observer.elapsed();
            if let Some(date) = response.headers().get("date").and_then(read_date) {
                observer.observe(date, sent, received);
            }
            Ok(response)
        })
    }
}

impl Connector {
    fn client(&self) -> Result<reqwest::Client, ConnectorError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = build(self.connections).map_err(|error| ConnectorError::other(error, None))?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

#[expect(clippy::disallowed_methods, reason = "AWS's endpoints come from the region, not from camhook.toml")]
fn build(connections: Connections) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    // Without root certificates only the plain HTTP of a local cloud works.
    let tls = tls::trusting_the_system().or_else(|_| tls::trusting_nobody())?;
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).http1_only();
    let builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    let builder = match connections {
        Connections::Kept => builder.pool_idle_timeout(IDLE_LIMIT),
        Connections::Fresh => builder.pool_max_idle_per_host(0),
    };
    Ok(builder.no_proxy().referer(false).build()?)
}

async fn exchange(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
    let request = request.map_err(|error| ConnectorError::user(error.into()))?;
    let response = http::Response::<reqwest::Body>::from(client.execute(request).await.map_err(failed)?);
    HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn read_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// What the SDK is to make of a failure: what the network did is worth another attempt.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_builder() {
        return ConnectorError::user(error.into());
    }
    ConnectorError::io(error.into())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request on each connection, says that the connection stays open, and closes it: the next request
    /// on it would fail.
    fn server_that_closes() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head = BufReader::new(stream.try_clone().unwrap()).lines();
                let _ = head.map_while(Result::ok).take_while(|line| !line.is_empty()).count();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        });
        url
    }

    #[tokio::test]
    async fn a_stale_connection_does_not_cost_a_request_its_only_attempt() {
        let url = server_that_closes();
        let client = build(Connections::Fresh).unwrap();
        for _ in 0..50 {
            let request = HttpRequest::get(&url).unwrap();
            assert_eq!(exchange(client.clone(), request).await.unwrap().status().as_u16(), 200);
        }
    }
}
