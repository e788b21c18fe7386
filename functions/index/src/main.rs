//! The function behind the queue `index`.

use camhook_aws::{Function, FunctionError, serve_queue};
use camhook_index::EventBus;
use camhook_ports::Queue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FunctionError> {
    let function = Function::start()?;
    let has_bus = function.environment.queue_urls.contains_key(&Queue::Bus);
    let event_bus = if has_bus { EventBus::Queue } else { EventBus::Absent };
    serve_queue(&function, async |function, site, records| {
        let days = function.environment.events_days;
        Box::pin(camhook_index::handle(&function.ports, site, days, event_bus, records)).await
    })
    .await
}
