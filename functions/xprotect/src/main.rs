//! The XProtect function.

fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(&camhook_xprotect::Xprotect)
}
