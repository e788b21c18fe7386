//! The notification function.

use camhook_aws::{Function, FunctionError, serve_queue};
use camhook_outbound::{Client, Limits};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let client = Client::new(function.environment.stack, Limits::default());
    serve_queue(&function, async |function, site, records| {
        camhook_notify::handle(&function.ports, site, &client, records).await
    })
    .await
}
