//! One webhook, from the request to the reply.

use std::time::Duration;

use camhook_event::{Report, Text};
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::{Site, Tracking};

use crate::adapter::{Adapter, Ignored, Malformed, Notice, Outcome, Parsed, Refusal, Reply};
use crate::draft::Draft;
use crate::instance::Instance;
use crate::locate::locate;
use crate::quarantine::quarantine;
use crate::store::keep;
use crate::verify::{RefusedReason, VerifyError, attribute, verify};
use crate::{Request, Unverified, Verified, presence};

/// The most that a body may hold, in bytes.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The reason of a request above [`BODY_LIMIT`].
pub(crate) const TOO_LARGE: &str = "too_large";

/// What became of a request.
#[derive(Debug)]
#[must_use]
pub struct Handled {
    /// What the sender gets.
    pub reply: Reply,
    /// What was counted and measured on the way.
    pub measurements: Measurements,
}

/// Takes one webhook all the way: locate, verify, parse, decode, store, enqueue, reply.
///
/// Nothing is acknowledged whose record is not stored.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    adapter: &dyn Adapter,
    instance: &Instance,
    request: Request<Unverified>,
) -> Handled {
    let started = ports.clock().elapsed();
    let mut way = Way { ports, adapter, instance, measurements: Measurements::default() };
    let reply = way.walk(site, request).await;
    let vendor = adapter.vendor().name();
    let took = ports.clock().elapsed().saturating_sub(started);
    way.measurements.time("EndToEndTime", took, [("Vendor", vendor)]);
    Handled { reply, measurements: way.measurements }
}

/// What every step needs.
struct Way<'a, P> {
    ports: &'a P,
    adapter: &'a dyn Adapter,
    instance: &'a Instance,
    measurements: Measurements,
}

impl<P: Ports> Way<'_, P> {
    async fn walk(&mut self, site: &Site, request: Request<Unverified>) -> Reply {
        let vendor = self.adapter.vendor();
        if self.adapter.fixed_path().is_some_and(|fixed| fixed == request.path) {
            return self.take_fixed(site, &request).await;
        }
        let path = request.path.clone();
        let signature = self.adapter.signature(&request.headers);
        let located = match locate(site, vendor, &path) {
            Ok(located) => located,
            Err(refusal) => return self.refuse(refusal, RefusedReason::UnknownSource),
        };
        let source = located.source.clone();
        let request = match verify(self.ports.secrets(), request, located, signature).await {
            Ok(request) => request,
            Err(VerifyError::Refused { refusal, reason }) => {
                presence::refused(self.ports, self.instance, &source, reason.name()).await;
                return self.refuse(refusal, reason);
            }
            Err(VerifyError::Secret(error)) => {
                tracing::error!(source = %source.id, %error, "the credentials cannot be checked");
                self.count_unavailable("secret");
                return self.adapter.reply(Outcome::Unavailable);
            }
        };
        if self.adapter.is_visit(&request) {
            let text = presence::ready_text(self.ports, &source).await;
            return self.adapter.reply(Outcome::Ready(&text));
        }
        if request.body.len() > BODY_LIMIT {
            let detail = format!("the body has {} bytes, {BODY_LIMIT} are allowed", request.body.len());
            let malformed = Malformed::new(TOO_LARGE, detail);
            return self.quarantine(&request, &malformed, Outcome::TooLarge).await;
        }
        self.pass_on_notice(&request);
        match self.adapter.parse(&request) {
            Ok(Parsed::Events(drafts)) => self.store(&request, drafts).await,
            Ok(Parsed::Heartbeat) => {
                self.measurements.count("Heartbeats", [("Vendor", vendor.name())]);
                presence::contact(self.ports, self.instance, &source).await;
                self.adapter.reply(Outcome::Accepted)
            }
            Ok(Parsed::Ignored(ignored)) => self.ignore(&request, ignored).await,
            Err(malformed) => self.quarantine(&request, &malformed, Outcome::Quarantined).await,
        }
    }

    /// A post to the vendor's fixed path: a sign of life of the source that it comes from, if one can be found.
    async fn take_fixed(&mut self, site: &Site, request: &Request<Unverified>) -> Reply {
        let vendor = self.adapter.vendor();
        let candidates: Vec<_> = site.sources_of(vendor).cloned().collect();
        match attribute(self.ports.secrets(), request, &candidates).await {
            Ok(Some(source)) => {
                self.measurements.count("Heartbeats", [("Vendor", vendor.name())]);
                presence::contact(self.ports, self.instance, &source).await;
                self.adapter.reply(Outcome::Accepted)
            }
            Ok(None) => {
                self.measurements.count("HeartbeatsOfNobody", [("Vendor", vendor.name())]);
                self.adapter.reply(Outcome::Accepted)
            }
            Err(error) => {
                tracing::error!(%error, "whose heartbeat it is cannot be told");
                self.count_unavailable("secret");
                self.adapter.reply(Outcome::Unavailable)
            }
        }
    }

    /// Logs what the adapter has noticed, unless this instance did so before.
    fn pass_on_notice(&mut self, request: &Request<Verified>) {
        let Some(Notice { code, detail }) = self.adapter.notice(request) else { return };
        let source = &request.source().id;
        let now = self.ports.clock().elapsed();
        if self.instance.notices.is_due((source.to_string(), code), Duration::MAX, now) {
            tracing::warn!(%source, notice = code, detail, "noticed");
            let vendor = self.adapter.vendor().name();
            self.measurements.count("Notices", [("Vendor", vendor), ("Notice", code)]);
        }
    }

    fn refuse(&mut self, refusal: Refusal, reason: RefusedReason) -> Reply {
        let vendor = self.adapter.vendor().name();
        self.measurements.count("Refusals", [("Vendor", vendor), ("Reason", reason.name())]);
        self.adapter.reply(Outcome::Refused(refusal))
    }

    async fn ignore(&mut self, request: &Request<Verified>, ignored: Ignored) -> Reply {
        let vendor = self.adapter.vendor().name();
        self.measurements.count("Ignored", [("Vendor", vendor), ("Reason", ignored.name())]);
        presence::contact(self.ports, self.instance, request.source()).await;
        self.adapter.reply(Outcome::Accepted)
    }

    async fn store(&mut self, request: &Request<Verified>, drafts: Vec<Draft<'_>>) -> Reply {
        let source = request.source();
        let due: Vec<(usize, Draft<'_>)> =
            drafts.into_iter().enumerate().filter(|(_, draft)| self.is_due(source, draft)).collect();
        if due.is_empty() {
            return self.ignore(request, Ignored::Tracking).await;
        }
        // The presence is written beside the objects: it adds no round trip to the way.
        let ((events, measurements), ()) = futures_util::future::join(
            keep(self.ports, request, due),
            presence::event(self.ports, self.instance, source, request.received_at()),
        )
        .await;
        self.measurements.append(measurements);
        if events.iter().all(Result::is_ok) {
            return self.adapter.reply(Outcome::Accepted);
        }
        self.count_unavailable("store");
        self.adapter.reply(Outcome::Unavailable)
    }

    /// Whether a draft is to be passed on: everything is, but tracking only once in a while for each target.
    fn is_due(&self, source: &camhook_site::Source, draft: &Draft<'_>) -> bool {
        if draft.report != Report::Tracking {
            return true;
        }
        let interval = match source.tracking {
            Tracking::Drop => return false,
            Tracking::Every(interval) => interval,
        };
        let now = self.ports.clock().elapsed();
        let due = |target: &str| {
            self.instance.tracking.is_due((source.id.to_string(), target.to_owned()), interval, now)
        };
        if draft.targets.is_empty() {
            return due("");
        }
        // Every target is asked, so that each has its turn noted.
        let targets = draft.targets.iter().map(|target| target.id.as_ref().map_or("", Text::as_str));
        targets.filter(|target| due(target)).count() > 0
    }

    async fn quarantine(
        &mut self,
        request: &Request<Verified>,
        malformed: &Malformed,
        outcome: Outcome<'static>,
    ) -> Reply {
        let vendor = self.adapter.vendor().name();
        let source = request.source();
        let version = self.adapter.parser_version();
        presence::contact(self.ports, self.instance, source).await;
        match quarantine(self.ports.objects(), request, malformed, version).await {
            Ok(()) => {
                tracing::warn!(
                    source = %source.id,
                    reason = malformed.code,
                    detail = malformed.detail,
                    request = request.request_id(),
                    "a request is in the quarantine"
                );
                self.measurements.count("Quarantined", [("Vendor", vendor), ("Reason", malformed.code)]);
                self.adapter.reply(outcome)
            }
            Err(error) => {
                tracing::error!(source = %source.id, %error, "a request could not be put into the quarantine");
                self.count_unavailable("quarantine");
                self.adapter.reply(Outcome::Unavailable)
            }
        }
    }

    fn count_unavailable(&mut self, cause: &str) {
        let vendor = self.adapter.vendor().name();
        self.measurements.count("Unavailable", [("Vendor", vendor), ("Cause", cause)]);
    }
}

/// How long one instance does not write the presence of a source again.
pub(crate) fn presence_interval(source: &camhook_site::Source) -> Duration {
    const SHORTEST: Duration = Duration::from_secs(60);
    source.offline_after.map_or(SHORTEST, |after| (after / 4).max(SHORTEST))
}
