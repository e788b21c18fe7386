//! The depths of queues: CloudWatch, and SQS on a local cloud.
//!
//! SQS does not report the age of the oldest message, and needs one call per queue. CloudWatch has all of it in one
//! call, a few minutes late.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy};
use aws_sdk_sqs::types::QueueAttributeName;
use camhook_ports::{Clock, DepthError, Queue, QueueDepth, QueueDepths, SystemClock};
use jiff::SignedDuration;

use crate::objects::reason;

/// The time span whose newest values count. SQS publishes a value each minute; a queue that was empty and unused for six
/// hours has none.
const SPAN: SignedDuration = SignedDuration::from_mins(15);

const PERIOD_S: i32 = 60;

/// What is measured of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Visible,
    InProgress,
    Delayed,
    Oldest,
    DeadLetters,
}

impl Measure {
    const ALL: [Self; 5] = [Self::Visible, Self::InProgress, Self::Delayed, Self::Oldest, Self::DeadLetters];

    /// The name in SQS and CloudWatch.
    fn name(self) -> &'static str {
        match self {
            Self::Visible | Self::DeadLetters => "ApproximateNumberOfMessagesVisible",
            Self::InProgress => "ApproximateNumberOfMessagesNotVisible",
            Self::Delayed => "ApproximateNumberOfMessagesDelayed",
            Self::Oldest => "ApproximateAgeOfOldestMessage",
        }
    }
}

/// The queues of a stack, each by its URL or name.
#[derive(Debug, Clone)]
pub(crate) struct StackQueues {
    queues: BTreeMap<Queue, String>,
    dead_letters: BTreeMap<Queue, String>,
    service: Service,
}

#[derive(Debug, Clone)]
enum Service {
    CloudWatch(Client),
    Sqs(aws_sdk_sqs::Client),
}

impl StackQueues {
    /// Queues that CloudWatch measures. Calls nothing.
    pub(crate) fn of_cloudwatch(
        config: &SdkConfig,
        queues: BTreeMap<Queue, String>,
        dead_letters: BTreeMap<Queue, String>,
    ) -> Self {
        Self { queues, dead_letters, service: Service::CloudWatch(Client::new(config)) }
    }

    /// Queues of a local cloud. Calls nothing.
    pub(crate) fn of_sqs(
        config: &SdkConfig,
        queues: BTreeMap<Queue, String>,
        dead_letters: BTreeMap<Queue, String>,
    ) -> Self {
        Self { queues, dead_letters, service: Service::Sqs(aws_sdk_sqs::Client::new(config)) }
    }

    /// The queues that the stack has.
    fn known(&self) -> impl Iterator<Item = Queue> {
        Queue::ALL.into_iter().filter(|queue| self.queues.contains_key(queue))
    }

    fn url(&self, queue: Queue, measure: Measure) -> Option<&str> {
        let urls = if measure == Measure::DeadLetters { &self.dead_letters } else { &self.queues };
        urls.get(&queue).map(String::as_str)
    }

    fn depth(&self, queue: Queue, value: impl Fn(Measure) -> Option<u64>) -> QueueDepth {
        let count = |measure| value(measure).unwrap_or_default();
        let messages = count(Measure::Visible) + count(Measure::InProgress) + count(Measure::Delayed);
        QueueDepth {
            queue,
            messages,
            oldest_s: value(Measure::Oldest).filter(|_| messages > 0),
            dead_letters: count(Measure::DeadLetters),
        }
    }

    async fn ask_cloudwatch(&self, client: &Client) -> Result<Vec<QueueDepth>, DepthError> {
        let now = SystemClock::start().now();
        let queries = self.queries();
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let request = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_secs(now.as_second() - SPAN.as_secs()))
            .end_time(DateTime::from_secs(now.as_second()))
            .scan_by(ScanBy::TimestampDescending);
        let data = request.send().await.map_err(|error| DepthError { reason: reason(&error) })?;
        let results = data.metric_data_results.unwrap_or_default();
        let depth = |queue| self.depth(queue, |measure| newest(&results, queue, measure));
        Ok(self.known().map(depth).collect())
    }

    fn queries(&self) -> Vec<MetricDataQuery> {
        let measured = self.known().flat_map(|queue| Measure::ALL.map(|measure| (queue, measure)));
        let query = |(queue, measure)| {
            let name = self.url(queue, measure)?.rsplit('/').next()?;
            let dimension = Dimension::builder().name("QueueName").value(name).build();
            let metric = Metric::builder()
                .namespace("AWS/SQS")
                .metric_name(measure.name())
                .dimensions(dimension)
                .build();
            let stat = MetricStat::builder().metric(metric).period(PERIOD_S).stat("Maximum").build();
            Some(MetricDataQuery::builder().id(query_id(queue, measure)).metric_stat(stat).build())
        };
        measured.filter_map(query).collect()
    }

    async fn ask_sqs(&self, client: &aws_sdk_sqs::Client) -> Result<Vec<QueueDepth>, DepthError> {
        let attributes = async |url: Option<&str>| {
            let Some(url) = url else { return Ok(BTreeMap::new()) };
            let got =
                client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send();
            let got = got.await.map_err(|error| DepthError { reason: reason(&error) })?;
            let attributes = got.attributes.unwrap_or_default();
            Ok(attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect())
        };
        let mut depths = Vec::new();
        for queue in self.known() {
            let live: BTreeMap<String, String> = attributes(self.url(queue, Measure::Visible)).await?;
            let dead = attributes(self.url(queue, Measure::DeadLetters)).await?;
            depths.push(self.depth(queue, |measure| {
                let (of, name) = match measure {
                    Measure::Visible => (&live, "ApproximateNumberOfMessages"),
                    Measure::DeadLetters => (&dead, "ApproximateNumberOfMessages"),
                    Measure::InProgress | Measure::Delayed | Measure::Oldest => (&live, measure.name()),
                };
                of.get(name)?.parse().ok()
            }));
        }
        Ok(depths)
    }
}

impl QueueDepths for StackQueues {
    async fn depths(&self) -> Result<Vec<QueueDepth>, DepthError> {
        match &self.service {
            Service::CloudWatch(client) => self.ask_cloudwatch(client).await,
            Service::Sqs(client) => self.ask_sqs(client).await,
        }
    }
}

/// The id of a query: a lower-case letter, then letters, digits and underscores.
fn query_id(queue: Queue, measure: Measure) -> String {
    format!("{}_{measure:?}", queue.name().replace('-', "_"))
}

/// The newest value of a measure.
fn newest(results: &[MetricDataResult], queue: Queue, measure: Measure) -> Option<u64> {
    let id = query_id(queue, measure);
    let values = results.iter().find(|result| result.id() == Some(&id))?.values();
    let newest = values.first()?.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from f64 saturates")]
    let newest = newest as u64;
    Some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::{Account, shared_config};

    async fn queues() -> StackQueues {
        let queues = [(Queue::Notify, "https://sqs/1/notify"), (Queue::RelayLan, "relay-lan")];
        let queues = queues.map(|(queue, url)| (queue, url.to_owned())).into();
        let dead_letters = [(Queue::Notify, "https://sqs/1/notify-dead".to_owned())].into();
        let account = Account { region: Some("eu-north-1"), ..Account::default() };
        StackQueues::of_cloudwatch(&shared_config(account).await, queues, dead_letters)
    }

    #[tokio::test]
    async fn each_queue_is_measured_and_a_missing_dead_letter_queue_is_left_out() {
        let queries = queues().await.queries();
        let of = |id: &str| {
            let query = queries.iter().find(|query| query.id() == Some(id))?;
            let metric = query.metric_stat()?.metric()?;
            Some((metric.metric_name()?.to_owned(), metric.dimensions().first()?.value()?.to_owned()))
        };
        assert_eq!(queries.len(), 9);
        let visible = "ApproximateNumberOfMessagesVisible".to_owned();
        assert_eq!(of("notify_Visible"), Some((visible.clone(), "notify".to_owned())));
        assert_eq!(of("notify_DeadLetters"), Some((visible, "notify-dead".to_owned())));
        let delayed = "ApproximateNumberOfMessagesDelayed".to_owned();
        assert_eq!(of("relay_lan_Delayed"), Some((delayed, "relay-lan".to_owned())));
        assert_eq!(of("relay_lan_DeadLetters"), None);
        let id = |character: char| character.is_ascii_alphanumeric() || character == '_';
        assert!(queries.iter().filter_map(MetricDataQuery::id).all(|name| name.chars().all(id)));
    }

    #[tokio::test]
    async fn the_newest_value_counts_and_no_value_is_zero() {
        let result = |id: &str, values: &[f64]| {
            MetricDataResult::builder().id(id).set_values(Some(values.to_vec())).build()
        };
        let results = [
            result("notify_Visible", &[2.0, 9.0]),
            result("notify_InProgress", &[1.0]),
            result("notify_Oldest", &[61.0, 1.0]),
            result("notify_DeadLetters", &[]),
            result("relay_lan_Oldest", &[5.0]),
        ];
        let queues = queues().await;
        let depth = |queue| queues.depth(queue, |measure| newest(&results, queue, measure));
        let notify = QueueDepth { queue: Queue::Notify, messages: 3, oldest_s: Some(61), dead_letters: 0 };
        let relay_lan = QueueDepth { queue: Queue::RelayLan, messages: 0, oldest_s: None, dead_letters: 0 };
        assert_eq!([depth(Queue::Notify), depth(Queue::RelayLan)], [notify, relay_lan]);
    }
}
