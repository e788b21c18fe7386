//! The control function.

use camhook_aws::{Function, FunctionError, serve_requests};
use camhook_ingest::Instance;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let instance = &Instance::default();
    serve_requests(&function, async |function, site, request| {
        camhook_control::handle(&function.ports, site, instance, request).await
    })
    .await
}
