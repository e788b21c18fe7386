//! The alarms of a stack: CloudWatch.

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm, StateValue};
use camhook_ports::{ActiveAlarm, AlarmError, Alarms};
use jiff::Timestamp;

use crate::objects::reason;

/// More alarms than the template has: all of them are in one answer.
const LIMIT: i32 = 100;

/// The alarms of a stack.
#[derive(Debug, Clone)]
pub(crate) struct StackAlarms {
    client: Client,
    /// What their names begin with.
    prefix: String,
}

impl StackAlarms {
    /// The alarms of a stack by its name in CloudFormation. Calls nothing.
    pub(crate) fn new(config: &SdkConfig, stack_name: &str) -> Self {
        Self { client: Client::new(config), prefix: format!("{stack_name}-") }
    }
}

impl Alarms for StackAlarms {
    async fn active(&self) -> Result<Vec<ActiveAlarm>, AlarmError> {
        let request = self
            .client
            .describe_alarms()
            .alarm_name_prefix(&self.prefix)
            .alarm_types(AlarmType::MetricAlarm)
            .state_value(StateValue::Alarm)
            .max_records(LIMIT);
        let described = request.send().await.map_err(|error| AlarmError { reason: reason(&error) })?;
        let mut alarms: Vec<ActiveAlarm> =
            described.metric_alarms().iter().filter_map(|alarm| of_stack(alarm, &self.prefix)).collect();
        alarms.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(alarms)
    }
}

/// An alarm under its name in the template; `None` for one of another stack.
fn of_stack(alarm: &MetricAlarm, prefix: &str) -> Option<ActiveAlarm> {
    // CloudFormation names it `{stack}-{name in the template}-{random}`. The name of another stack may begin like that
    // of this one: `camhook-prod` like `camhook`.
    let (name, random) = alarm.alarm_name()?.strip_prefix(prefix)?.split_once('-')?;
    if random.contains('-') {
        return None;
    }
    let since = alarm.state_transitioned_timestamp().or_else(|| alarm.state_updated_timestamp());
    Some(ActiveAlarm {
        name: name.to_owned(),
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        since: since.and_then(|since| Timestamp::from_second(since.secs()).ok()),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::primitives::DateTime;

    use super::*;

    #[test]
    fn an_alarm_has_its_name_in_the_template_and_those_of_other_stacks_are_left_out() {
        let alarm =
            |name: &str| MetricAlarm::builder().alarm_name(name).alarm_description("a queue waits").build();
        let name = |name: &str| Some(of_stack(&alarm(name), "camhook-")?.name);
        assert_eq!(name("camhook-NotifyQueueAgeAlarm-1A2B3C4D").as_deref(), Some("NotifyQueueAgeAlarm"));
        for other in
            ["camhook-prod-NotifyQueueAgeAlarm-1A2B3C4D", "other-NotifyQueueAgeAlarm-1", "camhook-mine"]
        {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn an_alarm_is_active_since_its_last_transition() {
        let updated = MetricAlarm::builder()
            .alarm_name("camhook-ApiErrorsAlarm-1")
            .state_updated_timestamp(DateTime::from_secs(1_800_000_060));
        let since = |alarm: &MetricAlarm| of_stack(alarm, "camhook-").unwrap().since.unwrap().as_second();
        assert_eq!(since(&updated.clone().build()), 1_800_000_060);
        let transitioned = updated.state_transitioned_timestamp(DateTime::from_secs(1_800_000_000));
        assert_eq!(since(&transitioned.build()), 1_800_000_000);
    }
}
