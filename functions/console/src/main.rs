//! The function behind `/console`.

use std::convert::Infallible;

use camhook_aws::{AwsMonitor, AwsPorts, Function, FunctionError};
use camhook_console::{Address, App, Deployment, Retention, invalid_path, is_valid_target, router};
use camhook_outbound::Stack;
use http::header::HOST;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, LambdaEvent, Request, RequestExt as _, Service as _, lambda_runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    // Lives as long as the process.
    let function: &'static Function = Box::leak(Box::new(Function::start()?));
    let deployment = match function.environment.stack {
        Stack::Deployed => Deployment::Aws,
        Stack::Local => Deployment::Local,
    };
    let environment = &function.environment;
    let retention = Retention { events_days: environment.events_days, images_days: environment.images_days };
    let app: App<AwsPorts> = App::new(&function.ports, deployment, retention);
    let monitor: &'static AwsMonitor = Box::leak(Box::new(AwsMonitor::of_function(environment)));
    let pages = router(app, monitor);
    let answer = service_fn(move |mut request: Request| {
        let mut pages = pages.clone();
        async move {
            // Without a site the router answers that the console is unavailable.
            match function.site().await {
                Ok(site) => drop(request.extensions_mut().insert(site)),
                Err(error) => tracing::error!(%error, "failed to read the configuration"),
            }
            if let Some(address) = address(&request) {
                request.extensions_mut().insert(address);
            }
            let answer: Result<_, Infallible> = pages.call(request).await;
            answer
        }
    });
    let mut adapter = Adapter::from(answer);
    let service = service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let LambdaEvent { payload, context } = event;
        adapter.call(LambdaEvent::new(readable(payload), context))
    });
    Box::pin(lambda_runtime::run(service)).await.map_err(FunctionError::Runtime)
}

/// A request that `lambda_http` can convert: one whose target is not valid gets a path that is answered with 400.
fn readable(mut request: LambdaRequest) -> LambdaRequest {
    if let LambdaRequest::ApiGatewayV2(request) = &mut request {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let (path, query) = (request.raw_path.as_deref(), request.raw_query_string.as_deref());
        if !is_valid_target(host, path.unwrap_or_default(), query.unwrap_or_default()) {
            request.raw_path = Some(invalid_path(path.unwrap_or_default()));
            request.raw_query_string = None;
            request.headers.remove(HOST);
            request.request_context.domain_name = None;
        }
    }
    request
}

fn address(request: &Request) -> Option<Address> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone().map(Address),
        _ => None,
    }
}
