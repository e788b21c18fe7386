//! The watchdog function.

use camhook_aws::{Function, FunctionError, serve_schedule};
use camhook_watchdog::deliver_pending;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start().await?;
    serve_schedule(&function, async |function, _site| deliver_pending(&function.ports).await).await
}
