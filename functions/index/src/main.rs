//! The function behind the queue `index`.

use camhook_aws::{Function, FunctionError, serve_queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    serve_queue(&function, async |function, site, records| {
        Box::pin(camhook_index::handle(&function.ports, site, function.environment.events_days, records))
            .await
    })
    .await
}
