//! The start-up of a function, and its loop.

use std::pin::Pin;

use camhook_consumer::BatchOutcome;
use camhook_ingest::{Adapter, Instance, Outcome, Reply, Request, Unverified};
use camhook_invocation::{BatchResponse, HttpApiEvent, HttpApiReply, SqsEvent};
use camhook_ports::{Clock, Ports, Queue, QueueRecord};
use camhook_site::Site;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::current_site::{CurrentSite, SiteError};
use crate::environment::{Environment, EnvironmentError};
use crate::ports::AwsPorts;

/// A function that is ready for its first event: everything that outlives one invocation.
#[derive(Debug)]
pub struct Function {
    /// Its settings.
    pub environment: Environment,
    /// The external services.
    pub ports: AwsPorts,
    site: CurrentSite,
}

/// A function that cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Its environment is not the one that the template gives.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The log filter cannot be read.
    #[error("CAMHOOK_LOG is no list of targets and levels: {0}")]
    LogFilter(#[from] tracing_subscriber::filter::ParseError),
    /// The system gives it nothing to wait for events with.
    #[error("the executor cannot start: {0}")]
    Executor(std::io::Error),
    /// The runtime ended.
    #[error("the Lambda runtime ended: {0}")]
    Runtime(lambda_runtime::Error),
}

impl Function {
    /// Reads the environment, starts the log and connects the ports. Calls nothing.
    ///
    /// # Errors
    ///
    /// When the environment is not the one that the template gives.
    pub fn start() -> Result<Self, FunctionError> {
        let environment = Environment::read()?;
        let filter: Targets = environment.log_filter.parse()?;
        // A second start in one process, as in a test, keeps the first log.
        let _ = tracing_subscriber::registry()
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false))
            .with(filter)
            .try_init();
        let ports = AwsPorts::of_function(&environment);
        Ok(Self { environment, ports, site: CurrentSite::default() })
    }

    /// The site as it is now.
    ///
    /// # Errors
    ///
    /// When no good configuration was ever read.
    pub async fn site(&self) -> Result<std::sync::Arc<Site>, SiteError> {
        self.site.get(&self.ports).await
    }

    fn flush_metrics(&self) {
        self.ports.metrics().flush(self.ports.clock().now());
    }
}

/// Serves a vendor's webhooks until the process ends.
///
/// Nothing of it depends on the vendor's type, and it starts the executor by itself: so the SDK is compiled into this
/// crate, for size, and a vendor's crate holds its dialect alone, which is compiled for speed (docs/performance.md).
///
/// # Errors
///
/// When the function cannot start, or the runtime ends.
pub fn serve_webhooks(adapter: &dyn Adapter) -> Result<(), FunctionError> {
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build();
    executor.map_err(FunctionError::Executor)?.block_on(take_webhooks(adapter))
}

async fn take_webhooks(adapter: &dyn Adapter) -> Result<(), FunctionError> {
    let function = Function::start()?;
    let instance = Instance::default();
    let (function, instance) = (&function, &instance);
    let service = service_fn(move |event: LambdaEvent<HttpApiEvent>| async move {
        let request =
            event.payload.into_request(function.ports.clock().now(), function.environment.front.as_ref());
        let site = match function.site().await {
            Ok(site) => site,
            Err(error) => {
                tracing::error!(%error, "there is no site to serve");
                return Ok::<_, Diagnostic>(HttpApiReply::from(adapter.reply(Outcome::Unavailable)));
            }
        };
        let reply = camhook_ingest::handle(&function.ports, &site, adapter, instance, request).await;
        function.flush_metrics();
        Ok(HttpApiReply::from(reply))
    });
    run(service).await
}

/// Serves requests of the HTTP API that are no webhooks of a device, until the process ends. Without a site each is
/// answered 503.
///
/// # Errors
///
/// When the function cannot start, or the runtime ends.
pub async fn serve_requests(
    function: &Function,
    handle: impl AsyncFn(&Function, &Site, Request<Unverified>) -> Reply,
) -> Result<(), FunctionError> {
    let handle = &handle;
    let service = service_fn(move |event: LambdaEvent<HttpApiEvent>| {
        erased(async move {
            let front = function.environment.front.as_ref();
            let request = event.payload.into_request(function.ports.clock().now(), front);
            let site = match function.site().await {
                Ok(site) => site,
                Err(error) => {
                    tracing::error!(%error, "there is no site to serve");
                    return Ok::<_, Diagnostic>(HttpApiReply::from(Reply::empty(503)));
                }
            };
            let reply = handle(function, &site, request).await;
            function.flush_metrics();
            Ok(HttpApiReply::from(reply))
        })
    });
    run(service).await
}

/// Serves a queue's messages until the process ends. Without a site every message is redelivered.
///
/// # Errors
///
/// When the function cannot start, or the runtime ends.
pub async fn serve_queue(
    function: &Function,
    consume: impl AsyncFn(&Function, &Site, &[QueueRecord]) -> BatchOutcome,
) -> Result<(), FunctionError> {
    serve_queues(function, async |function, site, _, records| consume(function, site, records).await).await
}

/// Serves the messages of several queues until the process ends. `consume` gets the queue that a batch came from,
/// by the ARN in the invocation; `None` for a queue whose URL the function was not given.
///
/// # Errors
///
/// When the function cannot start, or the runtime ends.
pub async fn serve_queues(
    function: &Function,
    consume: impl AsyncFn(&Function, &Site, Option<Queue>, &[QueueRecord]) -> BatchOutcome,
) -> Result<(), FunctionError> {
    let consume = &consume;
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| {
        erased(async move {
            let queue = event.payload.queue_name().and_then(|name| function.ports.queues().named(name));
            let records = event.payload.into_records();
            let site = match function.site().await {
                Ok(site) => site,
                Err(error) => {
                    tracing::error!(%error, "there is no site to serve");
                    let all = records.into_iter().map(|record| record.message_id).collect();
                    return Ok::<_, Diagnostic>(BatchResponse::failed(all));
                }
            };
            let outcome = consume(function, &site, queue, &records).await;
            function.flush_metrics();
            Ok(BatchResponse::failed(outcome.failed))
        })
    });
    run(service).await
}

/// Serves a schedule's ticks until the process ends.
///
/// # Errors
///
/// When the function cannot start, or the runtime ends.
pub async fn serve_schedule(function: &Function, tick: impl AsyncFn(&Function)) -> Result<(), FunctionError> {
    let tick = &tick;
    let service = service_fn(move |_: LambdaEvent<serde::de::IgnoredAny>| {
        erased(async move {
            tick(function).await;
            function.flush_metrics();
            Ok::<_, Diagnostic>(serde_json::json!({}))
        })
    });
    run(service).await
}

/// A future of a type that says nothing of those within it, which are too deep for the compiler to lay out.
fn erased<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(future)
}

/// Runs a service on the Lambda runtime. Boxed: the nested futures are too deep for the compiler to lay out.
async fn run<S, A, R, F>(service: S) -> Result<(), FunctionError>
where
    S: lambda_runtime::Service<LambdaEvent<A>, Response = R, Error = Diagnostic, Future = F>,
    F: Future<Output = Result<R, Diagnostic>>,
    A: for<'de> serde::Deserialize<'de>,
    R: serde::Serialize,
{
    Box::pin(lambda_runtime::run(service)).await.map_err(FunctionError::Runtime)
}
