//! The broker: AWS IoT, by its data plane over HTTPS.

use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_iotdataplane::Client;
use aws_sdk_iotdataplane::error::SdkError;
use aws_sdk_iotdataplane::primitives::Blob;
use camhook_ports::{PublishError, Publisher};

use crate::clients::PUBLISH;
use crate::http_client::fresh_connections_client;
use crate::objects::reason;

/// At least once: AWS IoT knows no more.
const QOS: i32 = 1;

/// The account's broker in the Region of the stack, at the endpoint that the SDK knows:
/// `data-ats.iot.{region}.amazonaws.com`. `AWS_ENDPOINT_URL_IOT_DATA_PLANE` names another one.
///
/// Its client is made when something is first published: few functions ever do.
#[derive(Debug)]
pub struct IotPublisher {
    shared: SdkConfig,
    client: OnceLock<Client>,
}

impl IotPublisher {
    pub(crate) fn new(shared: &SdkConfig) -> Self {
        // Sent once: a message that is sent again may toggle a relay twice. The caller decides.
        let shared = shared
            .to_builder()
            .http_client(fresh_connections_client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(PUBLISH.timeouts())
            .build();
        Self { shared, client: OnceLock::new() }
    }
}

impl Publisher for IotPublisher {
    async fn publish(&self, topic: &str, payload: &str) -> Result<(), PublishError> {
        let client = self.client.get_or_init(|| Client::new(&self.shared));
        let request = client.publish().topic(topic).qos(QOS).payload(Blob::new(payload.as_bytes()));
        request.send().await.map(drop).map_err(|error| match &error {
            SdkError::ConstructionFailure(_) => PublishError::Refused(reason(&error)),
            SdkError::ServiceError(refused) => publish_error(refused.raw().status().as_u16(), reason(&error)),
            _ => PublishError::Unconfirmed(reason(&error)),
        })
    }
}

/// What an error status says of a message. One of 500 or more may come after the message was published, also from a
/// proxy on the way; so may a timeout of the request.
fn publish_error(status: u16, reason: String) -> PublishError {
    match status {
        429 => PublishError::Throttled(reason),
        408 => PublishError::Unconfirmed(reason),
        400..500 => PublishError::Refused(reason),
        _ => PublishError::Unconfirmed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_request_proves_that_nothing_was_published() {
        let reason = || "reason".to_owned();
        for status in [400, 401, 403, 404, 413] {
            assert_eq!(publish_error(status, reason()), PublishError::Refused(reason()), "{status}");
        }
        assert_eq!(publish_error(429, reason()), PublishError::Throttled(reason()));
        for status in [408, 500, 502, 503, 504, 599, 302] {
            assert_eq!(publish_error(status, reason()), PublishError::Unconfirmed(reason()), "{status}");
        }
    }
}
