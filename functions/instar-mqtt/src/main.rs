//! The INSTAR function for what comes over MQTT.

use camhook_aws::{BatchOutcome, Function, FunctionError, serve_queue};
use camhook_ingest::Instance;
use camhook_ports::Ports;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let instance = Instance::default();
    serve_queue(&function, async |function, site, records| {
        let (failed, measurements) =
            camhook_instar_mqtt::handle(&function.ports, site, &instance, records).await;
        measurements.record_in(function.ports.metrics());
        BatchOutcome { failed }
    })
    .await
}
