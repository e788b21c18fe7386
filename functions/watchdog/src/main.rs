//! The watchdog function.

use camhook_aws::{Function, FunctionError, serve_schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    serve_schedule(&function, async |function| {
        Box::pin(camhook_watchdog::tick(&function.ports, function.site())).await;
    })
    .await
}
