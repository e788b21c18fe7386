//! All ports on AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use camhook_ports::{IndexPorts, Ports, Queue, SystemClock};

use crate::clients::{Account, LOOK_UP, function_config, shared_config};
use crate::environment::secret_variables;
use crate::http_client::{TimeObserver, observed_http_client};
use crate::{
    DynamoIndex, DynamoState, EmfMetrics, Environment, IotPublisher, S3Objects, SqsQueues, SsmSecrets,
};

/// All ports on AWS.
#[derive(Debug)]
pub struct AwsPorts {
    objects: S3Objects,
    queues: SqsQueues,
    state: DynamoState,
    secrets: SsmSecrets,
    publisher: IotPublisher,
    clock: SystemClock,
    metrics: EmfMetrics,
    index: DynamoIndex,
}

/// The names of what a stack consists of.
#[derive(Debug, Clone)]
pub struct Resources {
    /// The bucket's name.
    pub bucket: String,
    /// The table's name.
    pub table: String,
    /// The name of the event index's table; `None` in a stack that was deployed before there was one.
    pub index_table: Option<String>,
    /// The queues' URLs.
    pub queue_urls: BTreeMap<Queue, String>,
}

impl From<&Environment> for Resources {
    fn from(environment: &Environment) -> Self {
        Self {
            bucket: environment.bucket.clone(),
            table: environment.table.clone(),
            index_table: environment.index_table.clone(),
            queue_urls: environment.queue_urls.clone(),
        }
    }
}

impl AwsPorts {
    /// The ports of a function, with the region, credentials and endpoint that its environment names. Calls nothing.
    pub(crate) fn of_function(environment: &Environment) -> Self {
        let config = function_config(environment.region.clone(), environment.endpoint_url.clone());
        let metrics = EmfMetrics::buffered(&environment.metric_namespace, environment.metrics_level);
        Self::with(&config, Resources::from(environment), metrics)
    }

    /// The ports of a stack for a person's command. Calls nothing.
    pub async fn connect(resources: Resources, account: Account<'_>) -> Self {
        Self::with(&shared_config(account).await, resources, EmfMetrics::discarded())
    }

    /// The same, with an observer that learns the time of AWS. Calls nothing.
    pub async fn connect_observed(
        resources: Resources,
        account: Account<'_>,
        observer: Arc<dyn TimeObserver>,
    ) -> Self {
        let shared = shared_config(account).await;
        let observed = shared.to_builder().http_client(observed_http_client(observer)).build();
        Self::with(&observed, resources, EmfMetrics::discarded())
    }

    fn with(shared: &SdkConfig, resources: Resources, metrics: EmfMetrics) -> Self {
        let look_up = shared.to_builder().timeout_config(LOOK_UP.timeouts()).build();
        let Resources { bucket, table, index_table, queue_urls } = resources;
        Self {
            objects: S3Objects::new(aws_sdk_s3::Client::new(shared), bucket),
            queues: SqsQueues::new(aws_sdk_sqs::Client::new(shared), queue_urls),
            index: DynamoIndex::new(aws_sdk_dynamodb::Client::new(shared), index_table),
            state: DynamoState::new(aws_sdk_dynamodb::Client::new(&look_up), table),
            secrets: SsmSecrets::new(aws_sdk_ssm::Client::new(&look_up), secret_variables()),
            publisher: IotPublisher::new(shared),
            clock: SystemClock::start(),
            metrics,
        }
    }
}

impl Ports for AwsPorts {
    type Objects = S3Objects;
    type Queues = SqsQueues;
    type State = DynamoState;
    type Secrets = SsmSecrets;
    type Publisher = IotPublisher;
    type Clock = SystemClock;
    type Metrics = EmfMetrics;

    fn objects(&self) -> &S3Objects {
        &self.objects
    }
    fn queues(&self) -> &SqsQueues {
        &self.queues
    }
    fn state(&self) -> &DynamoState {
        &self.state
    }
    fn secrets(&self) -> &SsmSecrets {
        &self.secrets
    }
    fn publisher(&self) -> &IotPublisher {
        &self.publisher
    }
    fn clock(&self) -> &SystemClock {
        &self.clock
    }
    fn metrics(&self) -> &EmfMetrics {
        &self.metrics
    }
}

impl IndexPorts for AwsPorts {
    type Index = DynamoIndex;

    fn index(&self) -> &DynamoIndex {
        &self.index
    }
}
