//! The notification function.

use camhook_aws::{BatchOutcome, Function, FunctionError, serve_queue};
use camhook_outbound::{Client, Limits};
use camhook_ports::Ports;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let client = Client::new(function.environment.stack, Limits::default());
    serve_queue(&function, async |function, site, records| {
        let (failed, measurements) = camhook_notify::handle(&function.ports, site, &client, records).await;
        measurements.record_in(function.ports.metrics());
        BatchOutcome { failed }
    })
    .await
}
