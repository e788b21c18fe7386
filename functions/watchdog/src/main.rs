//! The watchdog function.

use camhook_aws::{Function, FunctionError, serve_schedule};
use camhook_ports::Ports;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    serve_schedule(&function, async |function, site| {
        camhook_watchdog::tick(&function.ports, site).await.record_in(function.ports.metrics());
    })
    .await
}
