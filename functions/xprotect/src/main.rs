//! The XProtect function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(camhook_xprotect::Xprotect).await
}
