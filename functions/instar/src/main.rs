//! The function for INSTAR's webhooks.

fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(&camhook_instar::InstarHttp)
}
