//! The Viewtron function.

fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(&camhook_viewtron::Viewtron)
}
