//! The relay function.

use camhook_aws::{Function, FunctionError, serve_queue};
use camhook_outbound::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let client = Client::new(function.environment.stack, camhook_relay::driver::limits());
    serve_queue(&function, async |function, site, records| {
        // Boxed: the nested futures exceed the compiler's depth limit for layouts.
        Box::pin(camhook_relay::handle(&function.ports, site, &client, records)).await
    })
    .await
}
