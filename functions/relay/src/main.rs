//! The relay function.

use camhook_aws::{BatchOutcome, Function, FunctionError, serve_queue};
use camhook_outbound::Client;
use camhook_ports::Ports;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let client = Client::new(function.environment.stack, camhook_relay::driver::limits());
    serve_queue(&function, async |function, site, records| {
        let (failed, measurements) = camhook_relay::handle(&function.ports, site, &client, records).await;
        measurements.record_in(function.ports.metrics());
        BatchOutcome { failed }
    })
    .await
}
