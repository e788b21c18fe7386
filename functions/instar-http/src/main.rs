//! The INSTAR function for what comes over HTTP.

fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(&camhook_instar_http::InstarHttp)
}
