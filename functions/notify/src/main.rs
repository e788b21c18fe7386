//! The notification function.

use camhook_aws::{Function, FunctionError, serve_queues};
use camhook_notify::Services;
use camhook_outbound::{Client, Limits};
use camhook_ports::Queue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let client = Client::new(function.environment.stack, Limits::default());
    serve_queues(&function, async |function, site, queue, records| {
        let queue = queue.unwrap_or(Queue::Notify);
        let services = Services { client: &client, console: function.environment.console_url.as_deref() };
        Box::pin(camhook_notify::handle(&function.ports, site, services, queue, records)).await
    })
    .await
}
