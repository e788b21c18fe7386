//! The function behind the queue `mqtt`.

use camhook_aws::{Function, FunctionError, serve_queue};
use camhook_ingest::Instance;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let instance = Instance::default();
    serve_queue(&function, async |function, site, records| {
        Box::pin(camhook_mqtt::handle(&function.ports, site, &instance, records)).await
    })
    .await
}
