//! Claims: one event makes one action happen once.
//!
//! Before an action is carried out its claim is taken, by a conditional write that only one of several
//! deliveries of the event can win. Afterwards the claim says what came of it. A delivery that finds the
//! claim taken but not settled knows that another one is in progress or was interrupted; what follows from
//! that differs between people and relays, so it is the caller's to decide.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Condition, Key, PutOutcome, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, encode, update};

/// How long a claim is remembered: longer than any queue keeps a message that is being tried.
pub const CLAIM_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// Which action of which rule for which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimKey<'a> {
    /// The event.
    pub event: EventId,
    /// The rule's id.
    pub rule: &'a str,
    /// Which of the rule's actions, counted from 0.
    pub action: usize,
    /// The run of a replay, which may act again where the event itself has acted.
    pub replay: Option<&'a str>,
}

impl ClaimKey<'_> {
    /// `claim#{event}`, `{rule}#{action}`; a replay has a third part, its run.
    #[must_use]
    pub fn key(&self) -> Key {
        let pk = format!("claim#{}", self.event);
        match self.replay {
            None => Key::new(pk, format!("{}#{}", self.rule, self.action)),
            Some(run) => Key::new(pk, format!("{}#{}#{run}", self.rule, self.action)),
        }
    }
}

/// How far an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// An attempt is in progress, or was interrupted.
    Taken,
    /// It was carried out.
    Done,
    /// It may have been carried out or not, and is not to be tried again.
    Unknown,
}

/// What the last attempt may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It may have had an effect: nothing says that it had none.
    Possible,
    /// It surely had none: no connection, or a refusal.
    None,
    /// Nothing was asked yet: the attempt stopped before it sent anything, or the device put it off. Unlike after
    /// [`Effect::None`], even an action that must not be repeated may be tried again.
    NotAttempted,
    /// None by whoever has the claim: the action was handed to another place, which carries it out.
    HandedOver,
}

/// Who carries an action out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The function that took the claim.
    #[default]
    Function,
    /// The agent on site, which has the command.
    Agent,
}

impl Holder {
    fn is_function(&self) -> bool {
        *self == Self::Function
    }
}

/// What was decided about an action, as its audit record says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The name of the decision.
    pub decision: String,
    /// The name of the reason.
    pub reason: String,
    /// The reason in a sentence.
    pub text: String,
    /// When it was decided.
    pub at: Timestamp,
}

/// What the table says of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// How far the action is.
    pub state: ClaimState,
    /// Which attempt is the last one, counted from 1.
    pub attempt: u32,
    /// When the last attempt began.
    pub since: Timestamp,
    /// What the last attempt may have done.
    pub effect: Effect,
    /// What came of the last attempt, for a person to read: the device's answer, the reason of a refusal.
    /// Absent while the attempt is under way, and for good when whoever was at it died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The time before which the device asked not to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Who carries the action out.
    #[serde(default, skip_serializing_if = "Holder::is_function")]
    pub holder: Holder,
    /// What was decided, where that is audited: a later delivery writes the record that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRecord>,
}

impl ClaimRecord {
    /// An attempt that begins now.
    fn attempt(attempt: u32, since: Timestamp, holder: Holder) -> Self {
        Self {
            state: ClaimState::Taken,
            attempt,
            since,
            effect: Effect::Possible,
            outcome: None,
            not_before: None,
            holder,
            decision: None,
        }
    }

    /// Whether whoever made the last attempt said what came of it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }
}

/// A claim as it was last written or read. Every change of it is refused once another writer changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    key: Key,
    revision: u64,
    record: ClaimRecord,
}

impl Claim {
    /// What it says.
    #[must_use]
    pub fn record(&self) -> &ClaimRecord {
        &self.record
    }
}

/// What came of taking a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquisition {
    /// It is the caller's: the first attempt is under way.
    Taken(Claim),
    /// Another delivery took it and has not settled it.
    AlreadyTaken(Claim),
    /// It is done or unknown: there is nothing left to do.
    Settled(Claim),
}

/// Takes the claim of an action that is about to be carried out.
///
/// # Errors
///
/// When the table fails; nothing may be carried out then.
pub async fn take<S: State>(state: &S, claim: &ClaimKey<'_>, now: Timestamp) -> Result<Acquisition, Error> {
    let key = claim.key();
    let record = ClaimRecord::attempt(1, now, Holder::Function);
    let expires = now.checked_add(CLAIM_LIFETIME).ok();
    let taken = update(state, Update { key: &key, now, begin: Begin::AssumingAbsent }, |present| {
        Ok(match present {
            None => Change::Write { record: record.clone(), expires, result: None },
            Some(Present { record, revision, .. }) => Change::Keep(Some((record, revision))),
        })
    })
    .await?;
    Ok(match (taken.result, taken.revision) {
        (Some((record, revision)), _) => {
            let held = Claim { key, revision, record };
            match held.record.state {
                ClaimState::Taken => Acquisition::AlreadyTaken(held),
                ClaimState::Done | ClaimState::Unknown => Acquisition::Settled(held),
            }
        }
        (None, revision) => Acquisition::Taken(Claim { key, revision: revision.unwrap_or_default(), record }),
    })
}

/// What stands in a claim, without taking it.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(
    state: &S,
    claim: &ClaimKey<'_>,
    now: Timestamp,
) -> Result<Option<ClaimRecord>, Error> {
    let key = claim.key();
    let item = state.get(&key).await?.filter(|item| item.is_live(now));
    item.map(|item| decode(&item)).transpose()
}

/// The claims of all actions because of an event, as rule, position of the action, and what stands in the claim;
/// those of replays and of groups left out. Expired ones too: the table removes them in its own time.
///
/// # Errors
///
/// When the table fails.
pub async fn of_event<S: State>(
    state: &S,
    event: EventId,
) -> Result<Vec<(String, usize, ClaimRecord)>, Error> {
    let items = state.query(&format!("claim#{event}")).await?;
    let mut claims = Vec::new();
    for item in items {
        let mut parts = item.key.sk.split('#');
        if let (Some(rule), Some(action), None) = (parts.next(), parts.next(), parts.next())
            && let Ok(action) = action.parse()
        {
            claims.push((rule.to_owned(), action, decode(&item)?));
        }
    }
    Ok(claims)
}

async fn change<S: State>(state: &S, claim: &Claim, record: ClaimRecord) -> Result<Option<Claim>, Error> {
    let data = encode(&claim.key, &record)?;
    let expires = record.since.checked_add(CLAIM_LIFETIME).ok();
    let outcome = state.put(&claim.key, data, expires, Condition::Revision(claim.revision)).await?;
    Ok(match outcome {
        PutOutcome::Written(revision) => Some(Claim { key: claim.key.clone(), revision, record }),
        PutOutcome::Refused(_) => None,
    })
}

/// Begins another attempt of an action whose claim was taken before; `None` when another delivery was faster.
///
/// # Errors
///
/// When the table fails; nothing may be carried out then.
pub async fn take_again<S: State>(state: &S, claim: &Claim, now: Timestamp) -> Result<Option<Claim>, Error> {
    take_again_as(state, claim, claim.record.holder, now).await
}

/// The same by a known holder: an action that the agent on site has taken up stays the agent's.
///
/// # Errors
///
/// When the table fails; nothing may be carried out then.
pub async fn take_again_as<S: State>(
    state: &S,
    claim: &Claim,
    holder: Holder,
    now: Timestamp,
) -> Result<Option<Claim>, Error> {
    let attempt = claim.record.attempt.saturating_add(1);
    change(state, claim, ClaimRecord::attempt(attempt, now, holder)).await
}

/// Records that the attempt certainly had no effect: the claim stays taken, and the action may be retried.
/// `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails; the claim then looks as if the attempt may have had an effect.
pub async fn release<S: State>(state: &S, claim: &Claim, outcome: &str) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.effect = Effect::None;
    record.outcome = Some(outcome.to_owned());
    change(state, claim, record).await
}

/// Records that this attempt did nothing: the claim stays taken, and the action may be retried, though not before the
/// time that the device named. `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails; the claim then looks as if the attempt may have had an effect.
pub async fn postpone<S: State>(
    state: &S,
    claim: &Claim,
    outcome: &str,
    not_before: Option<Timestamp>,
) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.effect = Effect::NotAttempted;
    record.not_before = not_before;
    record.outcome = Some(outcome.to_owned());
    change(state, claim, record).await
}

/// Records that the agent executes the action: the claim stays taken, and the agent may acquire it.
/// Called twice: with [`Holder::Function`] before the command is sent, so that the agent finds the claim, and with
/// [`Holder::Agent`] once its queue has the command, so that it is not sent again. `None` when another delivery, or
/// the agent, changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails; the claim then looks as if the attempt may have had an effect.
pub async fn hand_over<S: State>(
    state: &S,
    claim: &Claim,
    holder: Holder,
    outcome: &str,
) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.effect = Effect::HandedOver;
    record.holder = holder;
    record.outcome = Some(outcome.to_owned());
    change(state, claim, record).await
}

/// Settles the claim with what was decided. `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails.
pub async fn decide<S: State>(
    state: &S,
    claim: &Claim,
    settled: ClaimState,
    decision: DecisionRecord,
) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.state = settled;
    record.outcome = Some(format!("{}: {}", decision.decision, decision.text));
    record.decision = Some(decision);
    change(state, claim, record).await
}

/// Records that the attempt ended and may have had an effect, without settling the claim: for an action that is
/// rather executed twice than never. `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails; the claim then looks as if the attempt were still under way.
pub async fn leave_open<S: State>(state: &S, claim: &Claim, outcome: &str) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.outcome = Some(outcome.to_owned());
    change(state, claim, record).await
}

/// Records that the action was executed. `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails.
pub async fn finish<S: State>(state: &S, claim: &Claim, outcome: &str) -> Result<Option<Claim>, Error> {
    settle(state, claim, ClaimState::Done, outcome).await
}

/// Records that it is unknown whether the action was executed, and that it must not be retried.
/// `None` when another delivery changed the claim meanwhile.
///
/// # Errors
///
/// When the table fails.
pub async fn leave_unknown<S: State>(
    state: &S,
    claim: &Claim,
    outcome: &str,
) -> Result<Option<Claim>, Error> {
    settle(state, claim, ClaimState::Unknown, outcome).await
}

async fn settle<S: State>(
    state: &S,
    claim: &Claim,
    settled: ClaimState,
    outcome: &str,
) -> Result<Option<Claim>, Error> {
    let mut record = claim.record.clone();
    record.state = settled;
    record.outcome = Some(outcome.to_owned());
    change(state, claim, record).await
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LATER: Timestamp = Timestamp::constant(1_800_000_025, 0);

    fn key() -> ClaimKey<'static> {
        let event = "0123456789abcdef0123456789abcdef".parse().unwrap();
        ClaimKey { event, rule: "gate", action: 1, replay: None }
    }

    fn taken(taking: Acquisition) -> Claim {
        match taking {
            Acquisition::Taken(claim) => claim,
            other => panic!("not taken: {other:?}"),
        }
    }

    fn already(taking: Acquisition) -> Claim {
        match taking {
            Acquisition::AlreadyTaken(claim) => claim,
            other => panic!("not already taken: {other:?}"),
        }
    }

    #[test]
    fn a_claim_outlives_the_messages_that_are_being_tried() {
        // What SQS keeps messages for where the template names no time, as for the queue of notifications.
        let kept = Duration::from_secs(4 * 86_400);
        assert!(CLAIM_LIFETIME > kept, "{CLAIM_LIFETIME:?}");
    }

    #[test]
    fn a_replay_has_its_own_claim() {
        assert_eq!(key().key(), Key::new("claim#0123456789abcdef0123456789abcdef", "gate#1"));
        let replay = ClaimKey { replay: Some("run-7"), ..key() };
        assert_eq!(replay.key().sk, "gate#1#run-7");
    }

    #[tokio::test]
    async fn of_two_deliveries_one_takes_the_claim() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        let second = already(take(&state, &key(), NOW).await.unwrap());
        assert_eq!(second.record().attempt, 1);
        assert_eq!(second.record().since, NOW);
        assert_eq!(second.record().effect, Effect::Possible);

        finish(&state, &first, "was off").await.unwrap().unwrap();
        let Acquisition::Settled(third) = take(&state, &key(), NOW).await.unwrap() else {
            panic!("not settled")
        };
        assert_eq!(third.record().state, ClaimState::Done);
        assert_eq!(third.record().outcome.as_deref(), Some("was off"));
    }

    #[tokio::test]
    async fn of_two_deliveries_one_tries_again() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        release(&state, &first, "connection refused").await.unwrap().unwrap();

        let left = already(take(&state, &key(), NOW).await.unwrap());
        let right = already(take(&state, &key(), NOW).await.unwrap());
        assert_eq!(left.record().effect, Effect::None);
        assert!(left.record().has_ended());
        let again = take_again(&state, &left, NOW).await.unwrap().unwrap();
        assert_eq!(again.record().attempt, 2);
        assert_eq!(again.record().effect, Effect::Possible);
        assert!(!again.record().has_ended());
        assert_eq!(take_again(&state, &right, NOW).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_attempt_that_ended_in_doubt_can_be_told_from_one_under_way() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        assert!(!already(take(&state, &key(), NOW).await.unwrap()).record().has_ended());
        leave_open(&state, &first, "no answer").await.unwrap().unwrap();
        let second = already(take(&state, &key(), NOW).await.unwrap());
        assert!(second.record().has_ended());
        assert_eq!(second.record().effect, Effect::Possible);
    }

    #[tokio::test]
    async fn the_late_word_of_an_attempt_that_was_given_up_changes_nothing() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        let seen = already(take(&state, &key(), NOW).await.unwrap());
        leave_unknown(&state, &seen, "no answer").await.unwrap().unwrap();
        assert_eq!(finish(&state, &first, "was off").await.unwrap(), None);
        let record = find(&state, &key(), NOW).await.unwrap().unwrap();
        assert_eq!(record.state, ClaimState::Unknown);
    }

    #[tokio::test]
    async fn a_claim_is_forgotten_after_seven_days() {
        let state = MemoryState::default();
        taken(take(&state, &key(), NOW).await.unwrap());
        let later = NOW.checked_add(Duration::from_secs(604_800)).unwrap();
        assert_eq!(find(&state, &key(), later).await.unwrap(), None);
        taken(take(&state, &key(), later).await.unwrap());
    }

    #[tokio::test]
    async fn an_attempt_that_asked_nothing_is_postponed() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        let postponed = postpone(&state, &first, "the device is busy", Some(LATER)).await.unwrap().unwrap();
        assert_eq!(postponed.record().not_before, Some(LATER));
        assert_eq!(postponed.record().effect, Effect::NotAttempted);
        let seen = already(take(&state, &key(), NOW).await.unwrap());
        assert_eq!(seen.record(), postponed.record());
    }

    #[tokio::test]
    async fn a_handed_over_action_names_its_holder_in_the_table() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        let before = hand_over(&state, &first, Holder::Function, "queued").await.unwrap().unwrap();
        assert_eq!((before.record().holder, before.record().effect), (Holder::Function, Effect::HandedOver));
        let after = hand_over(&state, &before, Holder::Agent, "queued").await.unwrap().unwrap();
        let found = find(&state, &key(), NOW).await.unwrap().unwrap();
        assert_eq!((&found, found.holder), (after.record(), Holder::Agent));
        assert_eq!(hand_over(&state, &first, Holder::Agent, "queued").await.unwrap(), None);

        // Only the agent is written down: a claim without a holder is the function's.
        let json = |record: &ClaimRecord| serde_json::to_value(record).unwrap();
        assert_eq!(json(before.record()).get("holder"), None);
        assert_eq!(json(&found)["holder"], "agent");
    }

    #[tokio::test]
    async fn a_decision_settles_the_claim_and_is_found_with_it() {
        let state = MemoryState::default();
        let first = taken(take(&state, &key(), NOW).await.unwrap());
        let decision = DecisionRecord {
            decision: "refused".into(),
            reason: "late".into(),
            text: "the event is 40 s old".into(),
            at: NOW,
        };
        decide(&state, &first, ClaimState::Done, decision.clone()).await.unwrap().unwrap();
        let Acquisition::Settled(settled) = take(&state, &key(), NOW).await.unwrap() else {
            panic!("not settled")
        };
        assert_eq!(settled.record().decision, Some(decision));
        assert_eq!(settled.record().outcome.as_deref(), Some("refused: the event is 40 s old"));
    }

    #[tokio::test]
    async fn the_claims_of_an_event_are_listed_without_those_of_replays() {
        let state = MemoryState::default();
        taken(take(&state, &key(), NOW).await.unwrap());
        taken(take(&state, &ClaimKey { replay: Some("run-7"), ..key() }, NOW).await.unwrap());
        let claims = of_event(&state, key().event).await.unwrap();
        let keys: Vec<_> = claims.iter().map(|(rule, action, _)| (rule.as_str(), *action)).collect();
        assert_eq!(keys, [("gate", 1)]);
    }

    #[tokio::test]
    async fn a_table_that_fails_gives_no_claim() {
        let state = MemoryState::default();
        state.fail("claim#");
        assert!(matches!(take(&state, &key(), NOW).await, Err(Error::Table(_))));
    }
}
