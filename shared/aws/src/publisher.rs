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
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error @ (SdkError::ServiceError(_) | SdkError::ConstructionFailure(_))) => {
                Err(PublishError::Refused(reason(&error)))
            }
            Err(error) => Err(PublishError::Unconfirmed(reason(&error))),
        }
    }
}
