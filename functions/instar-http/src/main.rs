//! The INSTAR function for what comes over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(camhook_instar_http::InstarHttp).await
}
