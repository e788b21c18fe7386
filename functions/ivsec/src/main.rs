//! The iVSEC function.

fn main() -> Result<(), camhook_aws::FunctionError> {
    camhook_aws::serve_webhooks(&camhook_ivsec::Ivsec)
}
