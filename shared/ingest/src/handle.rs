//! One webhook, from the request to the reply.

use std::time::Duration;

use camhook_event::{Report, Text, Vendor};
use camhook_ports::{Clock, Metrics, Ports};
use camhook_site::{Site, Source, Tracking};

use crate::adapter::{
    Adapter, FixedContent, Ignored, Malformed, Notice, Outcome, Parsed, Refusal, Remainder, Reply,
    query_in_path,
};
use crate::alert::alert_quarantined;
use crate::draft::Draft;
use crate::instance::Instance;
use crate::level::{confirm_stored, leave_out_repeated};
use crate::locate::{FIXED_PATH_REFUSAL, locate};
use crate::quarantine::{TOO_LARGE, quarantine};
use crate::store::persist;
use crate::verify::{Attributed, RefusedReason, VerifyError, attribute, credentials, verify};
use crate::{Headers, Request, Unverified, Verified, presence};

/// The most that a body may hold, in bytes.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Processes one webhook: locate, verify, parse, decode, store, enqueue, reply.
///
/// A request is acknowledged only after its record is stored.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    adapter: &dyn Adapter,
    instance: &Instance,
    request: Request<Unverified>,
) -> Reply {
    let started = ports.clock().elapsed();
    let reply = Pipeline { ports, adapter, instance }.run(site, request).await;
    let duration = ports.clock().elapsed().saturating_sub(started);
    ports.metrics().time("EndToEndTime", duration, [("Vendor", adapter.vendor().name())]);
    reply
}

/// Locates the source that a request's path names and checks the request's credentials: the first steps of [`handle`],
/// for functions that do something other than store events.
///
/// `signature` is the one that the request carries over its body. A refusal is logged and counted.
///
/// # Errors
///
/// Why the request cannot be processed.
pub async fn authenticate<P: Ports>(
    ports: &P,
    site: &Site,
    vendor: Vendor,
    instance: &Instance,
    request: Request<Unverified>,
    signature: Option<[u8; 32]>,
) -> Result<Request<Verified>, Unauthenticated> {
    let path = request.path.clone();
    let located = match locate(site, vendor, &path) {
        Ok(located) => located,
        Err(refusal) => {
            count_refused(ports, vendor, RefusedReason::UnknownSource);
            return Err(Unauthenticated::Refused { headers: request.headers, refusal });
        }
    };
    let source = located.source.clone();
    match verify(ports.secrets(), request, located, signature).await {
        Ok(request) => Ok(request),
        Err(VerifyError::Refused { headers, refusal, reason }) => {
            presence::refused(ports, instance, &source, reason.name());
            count_refused(ports, vendor, reason);
            Err(Unauthenticated::Refused { headers, refusal })
        }
        Err(VerifyError::Secret(error)) => {
            tracing::error!(source = %source.id, %error, "failed to check credentials");
            count_unavailable(ports, vendor, "secret");
            Err(Unauthenticated::Unavailable)
        }
    }
}

/// Why [`authenticate`] returns no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unauthenticated {
    /// An unknown source, or credentials that are missing or wrong.
    Refused {
        /// The header fields of the request.
        headers: Headers,
        /// How to answer it.
        refusal: Refusal,
    },
    /// A secret cannot be read.
    Unavailable,
}

fn count_refused<P: Ports>(ports: &P, vendor: Vendor, reason: RefusedReason) {
    ports.metrics().count("Refusals", [("Vendor", vendor.name()), ("Reason", reason.name())]);
}

fn count_unavailable<P: Ports>(ports: &P, vendor: Vendor, cause: &str) {
    ports.metrics().count("Unavailable", [("Vendor", vendor.name()), ("Cause", cause)]);
}

/// Whether a segment below the source's own path begins like a query whose question mark was encoded: no dialect has such
/// paths.
fn has_encoded_question_mark(request: &Request<Verified>) -> bool {
    let begins_query = |segment: &String| {
        segment.starts_with('?') || segment.get(..3).is_some_and(|mark| mark.eq_ignore_ascii_case("%3f"))
    };
    request.rest().iter().any(begins_query)
}

/// What all steps share.
struct Pipeline<'a, P> {
    ports: &'a P,
    adapter: &'a dyn Adapter,
    instance: &'a Instance,
}

impl<P: Ports> Pipeline<'_, P> {
    async fn run(&self, site: &Site, request: Request<Unverified>) -> Reply {
        let fixed = self.adapter.fixed_paths().iter().find(|fixed| fixed.path == request.path);
        let verified = match fixed.map(|fixed| fixed.content) {
            Some(FixedContent::Heartbeats) => return self.take_heartbeat(site, request).await,
            Some(FixedContent::Posts) => self.verify_at_fixed_path(site, request).await,
            None => self.verify(site, request).await,
        };
        match verified {
            Ok(request) => self.take(&request).await,
            Err(reply) => reply,
        }
    }

    /// Checks the credentials of a post to a source's own path; how to answer it when they do not hold.
    async fn verify(&self, site: &Site, request: Request<Unverified>) -> Result<Request<Verified>, Reply> {
        let signature = self.adapter.signature(&request.headers);
        let vendor = self.adapter.vendor();
        let verified = authenticate(self.ports, site, vendor, self.instance, request, signature).await;
        verified.map_err(|error| match error {
            Unauthenticated::Refused { headers, refusal } => self.adapter.reply_to_refused(&headers, refusal),
            Unauthenticated::Unavailable => self.adapter.reply(Outcome::Unavailable),
        })
    }

    /// Finds the source of a post to a fixed path; how to answer it when it belongs to none.
    async fn verify_at_fixed_path(
        &self,
        site: &Site,
        request: Request<Unverified>,
    ) -> Result<Request<Verified>, Reply> {
        match self.attribute(site, &request).await? {
            Some(attributed) => Ok(self.attributed(request, attributed).await),
            None => {
                count_refused(self.ports, self.adapter.vendor(), RefusedReason::UnknownSource);
                Err(self.adapter.reply_to_refused(&request.headers, FIXED_PATH_REFUSAL))
            }
        }
    }

    /// A post to a fixed path, of the source that it comes from.
    async fn attributed(&self, request: Request<Unverified>, attributed: Attributed) -> Request<Verified> {
        let Attributed { source, used } = attributed;
        let segments = request.path.split('/').filter(|segment| !segment.is_empty());
        let rest = segments.map(str::to_owned).collect();
        let credentials = credentials(self.ports.secrets(), &source.auth, &request, None).await;
        request.with_state(Verified { source, rest, credentials, used })
    }

    /// The source that a post to a fixed path comes from; how to answer when that cannot be checked.
    async fn attribute(
        &self,
        site: &Site,
        request: &Request<Unverified>,
    ) -> Result<Option<Attributed>, Reply> {
        let candidates: Vec<_> = site.sources_of(self.adapter.vendor()).cloned().collect();
        let signature = self.adapter.signature(&request.headers);
        match attribute(self.ports.secrets(), request, &candidates, signature).await {
            Ok(attributed) => Ok(attributed),
            Err(error) => {
                tracing::error!(%error, "failed to attribute post to a source");
                self.count_unavailable("secret");
                Err(self.adapter.reply(Outcome::Unavailable))
            }
        }
    }

    /// Takes a keep-alive at a fixed path, for the source that it comes from if there is one. What it holds is read as a
    /// post of that source: firmware may send alarms there.
    async fn take_heartbeat(&self, site: &Site, request: Request<Unverified>) -> Reply {
        let vendor = self.adapter.vendor().name();
        match self.attribute(site, &request).await {
            Ok(Some(attributed)) if !request.body.is_empty() => {
                let request = self.attributed(request, attributed).await;
                return self.take(&request).await;
            }
            Ok(Some(Attributed { source, used })) => {
                self.ports.metrics().count("Heartbeats", [("Vendor", vendor)]);
                presence::contact(self.ports, self.instance, &source, &used).await;
            }
            Ok(None) => self.ports.metrics().count("HeartbeatsOfNobody", [("Vendor", vendor)]),
            Err(reply) => return reply,
        }
        self.adapter.reply(Outcome::Accepted)
    }

    /// Takes a post whose source is known: parse, store, enqueue.
    async fn take(&self, request: &Request<Verified>) -> Reply {
        let source = request.source();
        if let Some(malformed) = query_in_path(request).filter(|_| has_encoded_question_mark(request)) {
            let reply = self.adapter.reply_to_malformed(&malformed);
            let reply = if reply.status < 400 { Reply::empty(400) } else { reply };
            return self.quarantine(request, &malformed, reply).await;
        }
        if self.adapter.is_visit(request) {
            let text = presence::ready_text(self.ports, source).await;
            return self.adapter.reply(Outcome::Ready(&text));
        }
        if request.body.len() > BODY_LIMIT {
            let detail = format!("the body has {} bytes, {BODY_LIMIT} are allowed", request.body.len());
            let malformed = Malformed::new(TOO_LARGE, detail);
            return self.quarantine(request, &malformed, self.adapter.reply(Outcome::TooLarge)).await;
        }
        self.pass_on_notice(request);
        match self.adapter.parse(request).map(Parsed::limit_events) {
            Ok(Parsed::Events(events)) => self.store(request, events).await,
            Ok(Parsed::Partly { events, remainder }) => self.store_partly(request, events, remainder).await,
            Ok(Parsed::Heartbeat) => {
                self.ports.metrics().count("Heartbeats", [("Vendor", self.adapter.vendor().name())]);
                presence::contact(self.ports, self.instance, source, &request.state.used).await;
                self.adapter.reply(Outcome::Accepted)
            }
            Ok(Parsed::Ignored(ignored)) => self.ignore(request, ignored).await,
            Err(malformed) => {
                let reply = self.adapter.reply_to_malformed(&malformed);
                self.quarantine(request, &malformed, reply).await
            }
        }
    }

    /// Stores the events of a post, then what there is beside them.
    async fn store_partly(
        &self,
        request: &Request<Verified>,
        events: Vec<Draft<'_>>,
        remainder: Remainder,
    ) -> Reply {
        let malformed = match remainder {
            Remainder::Notice(notice) => {
                self.log_notice(request, notice);
                return self.store(request, events).await;
            }
            Remainder::Quarantine(malformed) => malformed,
        };
        let stored = self.store(request, events).await;
        if stored != self.adapter.reply(Outcome::Accepted) {
            return stored;
        }
        self.quarantine(request, &malformed, self.adapter.reply(Outcome::Accepted)).await
    }

    /// Logs what the adapter has noticed, unless this instance did so before.
    fn pass_on_notice(&self, request: &Request<Verified>) {
        if let Some(notice) = self.adapter.notice(request) {
            self.log_notice(request, notice);
        }
    }

    fn log_notice(&self, request: &Request<Verified>, Notice { code, detail }: Notice) {
        let source = &request.source().id;
        let now = self.ports.clock().elapsed();
        if self.instance.notices.is_due((source.to_string(), code), Duration::MAX, now) {
            let detail = request.received().shown(&detail);
            tracing::warn!(%source, notice = code, detail, "noticed");
            let vendor = self.adapter.vendor().name();
            self.ports.metrics().count("Notices", [("Vendor", vendor), ("Notice", code)]);
        }
    }

    async fn ignore(&self, request: &Request<Verified>, ignored: Ignored) -> Reply {
        let vendor = self.adapter.vendor().name();
        self.ports.metrics().count("Ignored", [("Vendor", vendor), ("Reason", ignored.name())]);
        presence::contact(self.ports, self.instance, request.source(), &request.state.used).await;
        self.adapter.reply(Outcome::Accepted)
    }

    async fn store(&self, request: &Request<Verified>, drafts: Vec<Draft<'_>>) -> Reply {
        let source = request.source();
        let received = request.received();
        let due: Vec<(usize, Draft<'_>)> =
            drafts.into_iter().enumerate().filter(|(_, draft)| self.is_due(source, draft)).collect();
        if due.is_empty() {
            return self.ignore(request, Ignored::Tracking).await;
        }
        let Ok((due, announcements)) = leave_out_repeated(self.ports, request, due).await else {
            self.count_unavailable("levels");
            return self.adapter.reply(Outcome::Unavailable);
        };
        if due.is_empty() {
            return self.ignore(request, Ignored::RepeatedLevel).await;
        }
        // The presence is written beside the objects: it adds no round trip.
        let (events, ()) = futures_util::future::join(
            persist(self.ports, &received, due),
            presence::event(self.ports, self.instance, source, request.received_at(), &request.state.used),
        )
        .await;
        if events.iter().all(Result::is_ok) {
            confirm_stored(self.ports, request, announcements).await;
            return self.adapter.reply(Outcome::Accepted);
        }
        self.count_unavailable("store");
        self.adapter.reply(Outcome::Unavailable)
    }

    /// Whether a draft is to be passed on: everything is, but tracking only once in a while for each target.
    fn is_due(&self, source: &Source, draft: &Draft<'_>) -> bool {
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

    async fn quarantine(&self, request: &Request<Verified>, malformed: &Malformed, reply: Reply) -> Reply {
        let vendor = self.adapter.vendor().name();
        let source = request.source();
        let version = self.adapter.parser_version();
        presence::contact(self.ports, self.instance, source, &request.state.used).await;
        let received = request.received();
        match quarantine(self.ports.objects(), &received, request.transport(), malformed, version).await {
            Ok(()) => {
                tracing::warn!(
                    source = %source.id,
                    reason = malformed.code,
                    detail = received.shown(&malformed.detail),
                    request = request.request_id(),
                    "quarantined a request"
                );
                self.ports.metrics().count("Quarantined", [("Vendor", vendor), ("Reason", malformed.code)]);
                alert_quarantined(self.ports, self.instance, source, malformed).await;
                reply
            }
            Err(error) => {
                tracing::error!(source = %source.id, %error, "failed to quarantine a request");
                self.count_unavailable("quarantine");
                self.adapter.reply(Outcome::Unavailable)
            }
        }
    }

    fn count_unavailable(&self, cause: &str) {
        count_unavailable(self.ports, self.adapter.vendor(), cause);
    }
}
