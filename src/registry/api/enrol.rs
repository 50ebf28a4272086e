//! How a box becomes a member: preview, activation, renewal of what has run out, and what travels by hand.

use std::sync::atomic::Ordering;

use domain::{
    activation::{
        base64url,
        code::Code,
        offline::{self, ANSWER_DAYS, Answer, PeerKey},
        short::ShortCode,
        validity::Validity,
    },
    cluster::{
        activate::{self, Activated, Fresh, Joining},
        api::{
            ActivateAsk, BoxInfo, CandidateInfo, Joinable, LateRenewAsk, OfflineAsk, OfflineDone, Preview, PreviewAsk,
            Renewed, Reserved, Time, WhyNot,
        },
        association::{Candidate, Joiner, candidates, clusters_of},
        calls,
        codes::{self, Proof},
        key::Key,
        names::RequestId,
        problem::Problem,
        record::{Account, Host, Model, Prepared, Reservation},
        renew,
        view::{Draft, Stop},
    },
    secret::Secret,
    time::UnixSeconds,
};
use pki::request::{self, Signed};

use super::{
    Registry,
    fleet::record_of,
    routes::{Asked, Routes},
};
use crate::engine::{fresh, random};

pub fn add(routes: &mut Routes) {
    routes.on::<calls::GetTime, _>(|asked, ()| async move { Ok(Time { now: asked.now }) });
    routes.on::<calls::PreviewActivation, _>(preview);
    routes.on::<calls::Activate, _>(activate);
    routes.on::<calls::RenewLate, _>(renew_late);
    routes.on::<calls::ActivateOffline, _>(by_hand);
}

/// What was typed, as the rules judge it: long codes by the hash of their text, short ones by that of their digits.
fn proof(code: &Secret) -> Result<Proof, Problem> {
    let typed = code.expose().trim();
    if typed.starts_with("GH1") {
        let code = Code::parse(typed).map_err(|why| Problem::CodeMalformed { why })?;
        let hash = pki::hex_digest(code.text().expose().as_bytes());
        return Ok(Proof::Code { token: code.payload.token, hash });
    }
    let short: ShortCode = typed.parse().map_err(|why| Problem::CodeMalformed { why })?;
    Ok(Proof::Short { digest: pki::hex_digest(short.digits().expose().as_bytes()) })
}

/// Whoever guesses is slowed down; whoever has a code is not.
async fn limited<T>(asked: &Asked, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let limits = &asked.registry.0.limits;
    limits.code(&asked.connection)?;
    let result = work.await;
    if let Err(Problem::CodeUnknown) = result {
        limits.code_was_wrong(&asked.connection);
    }
    result
}

fn signing_request(text: &str) -> Result<Signed, Problem> {
    let der = base64url::decode(text).ok_or_else(|| Problem::BadSigningRequest { detail: "no base64url".into() })?;
    checked(&der)
}

fn checked(der: &[u8]) -> Result<Signed, Problem> {
    request::check(der).map_err(|why| Problem::BadSigningRequest { detail: why.to_string() })
}

async fn preview(asked: Asked, ask: PreviewAsk) -> Result<Preview, Problem> {
    let proof = proof(&ask.code)?;
    let now = asked.now;
    limited(&asked, asked.registry.engine().look(|draft| see(draft, &proof, &ask, now))).await
}

fn see(draft: &mut Draft<'_>, proof: &Proof, ask: &PreviewAsk, now: UnixSeconds) -> Result<Preview, Stop> {
    let admitted = codes::admit(draft, proof, &ask.serial, &ask.model, now)?;
    let account = draft.get::<Account>(Key::Account(admitted.account.clone()))?.ok_or(Problem::NotFound)?;
    if draft.get::<Model>(Key::Model(ask.model.clone()))?.is_none() {
        return Err(Problem::ModelUnknown { model: ask.model.clone() }.into());
    }
    let host = draft.get::<Host>(Key::Host(ask.serial.clone()))?.filter(|host| host.state.belongs());
    if !admitted.again && host.is_some() {
        return Err(Problem::AlreadyActive { serial: ask.serial.clone() }.into());
    }
    let reservation = draft.get::<Reservation>(Key::Reservation(ask.serial.clone()))?;
    let prepared = draft.get::<Prepared>(Key::Prepared(ask.serial.clone()))?;
    if prepared.as_ref().is_some_and(|p| p.account != admitted.account) {
        return Err(Problem::OtherAccount.into());
    }
    let joiner = Joiner { serial: &ask.serial, model: &ask.model, account: &admitted.account };
    let mut clusters = Vec::new();
    for (id, cluster) in clusters_of(draft, &admitted.account)? {
        let why_not = if let Some(model) = cluster.model.as_ref().filter(|model| **model != ask.model) {
            let text = Problem::OtherModel { model: model.clone() }.to_string();
            Some(WhyNot { reason: "other_model".into(), subject: Some(model.to_string()), text })
        } else if admitted.cluster().is_some_and(|bound| *bound != id) {
            let text = Problem::CodeOtherCluster { cluster: id.clone() }.to_string();
            Some(WhyNot { reason: "other_cluster".into(), subject: None, text })
        } else {
            None
        };
        let candidates = candidates(draft, joiner, &id)?.into_iter().map(candidate).collect();
        clusters.push(Joinable { id, name: cluster.name, model: cluster.model, why_not, candidates });
    }
    Ok(Preview {
        account: admitted.account.clone(),
        account_name: account.name,
        service: account.service.is_some(),
        used: admitted.again,
        expires: admitted.expires(),
        cluster: admitted.cluster().cloned(),
        clusters,
        reserved: reservation.as_ref().map(|r| Reserved {
            cluster: r.cluster.clone(),
            peer: r.peer.clone(),
            virtual_ip: r.virtual_ip,
            replaces: r.replaces.clone(),
        }),
        prepared: prepared.map(|prepared| record_of(ask.serial.clone(), prepared, reservation.is_some())),
        now,
    })
}

pub fn candidate(found: Candidate) -> CandidateInfo {
    CandidateInfo {
        serial: found.serial,
        name: found.host.name,
        state: found.host.state.word().to_owned(),
        why_not: found.why_not.as_ref().map(WhyNot::from),
    }
}

async fn activate(asked: Asked, ask: ActivateAsk) -> Result<BoxInfo, Problem> {
    let signed = signing_request(&ask.csr)?;
    let proof = proof(&ask.code)?;
    let association = ask.association.read()?;
    let registry = asked.registry.clone();
    let validity = Validity::of_box(asked.now);
    let joining = Joining {
        key: signed.key.fingerprint(),
        certificate: registry.0.authority.issue(&signed, &ask.serial, validity)?,
        serial: ask.serial,
        model: ask.model,
        name: ask.name,
        request: ask.request,
        proof,
        association,
        fresh: Fresh { cluster: fresh()?, pair: fresh()?, secret: Secret::new(random()?) },
    };
    let mut call = asked.call();
    call.who = match &joining.proof {
        Proof::Code { token, .. } => format!("code {token}"),
        Proof::Short { .. } | Proof::Hand { .. } => format!("box {}", joining.serial),
    };
    let done = registry.engine().decide(|view| activate::activate(view, &joining, &call));
    let activated = limited(&asked, done).await?;
    registry.0.counts.activated.fetch_add(1, Ordering::Relaxed);
    Ok(info(&registry, joining.serial, activated, asked.now))
}

/// What a box is told of itself.
pub fn info(registry: &Registry, serial: domain::cluster::names::Serial, told: Activated, now: UnixSeconds) -> BoxInfo {
    let Activated { host, cluster, peer, pair, pair_secret, virtual_ip } = told;
    let (cluster, cluster_name) = cluster.unzip();
    let (peer, peer_key) = peer.unzip();
    BoxInfo {
        serial,
        name: host.name,
        account: host.account,
        state: host.state.word().to_owned(),
        cluster,
        cluster_name,
        peer,
        peer_key,
        pair,
        pair_secret,
        awaits: host.awaits,
        virtual_ip,
        certificate: host.certificate.der,
        authority: base64url::encode(registry.0.authority.der()),
        not_before: host.certificate.validity.not_before,
        not_after: host.certificate.validity.not_after,
        urls: registry.0.urls.clone(),
        now,
    }
}

async fn renew_late(asked: Asked, ask: LateRenewAsk) -> Result<Renewed, Problem> {
    let signed = signing_request(&ask.csr)?;
    let mut call = asked.call();
    call.who = format!("box {}", ask.serial);
    renewed(&asked, &signed, &ask.serial, &call).await
}

/// A new certificate for the key that signed.
///
/// # Errors
/// What the rule refuses.
pub async fn renewed(
    asked: &Asked,
    signed: &Signed,
    serial: &domain::cluster::names::Serial,
    call: &domain::cluster::account::Call,
) -> Result<Renewed, Problem> {
    let key = signed.key.fingerprint();
    let issued = asked.registry.0.authority.issue(signed, serial, Validity::of_box(asked.now))?;
    let engine = asked.registry.engine();
    let issued = engine.decide(|view| renew::renew(view, serial, &key, issued.clone(), call)).await?;
    let Validity { not_before, not_after } = issued.validity;
    Ok(Renewed { certificate: issued.der, not_before, not_after, now: asked.now })
}

/// The signing request of a renewal.
///
/// # Errors
/// As those of an activation.
pub fn renewal(csr: &str) -> Result<Signed, Problem> {
    signing_request(csr)
}

async fn by_hand(asked: Asked, ask: OfflineAsk) -> Result<OfflineDone, Problem> {
    let request = offline::Request::parse(&ask.request).map_err(|why| Problem::CodeMalformed { why })?;
    let signed = checked(&request.csr)?;
    let registry = asked.registry.clone();
    let account = asked.caller.account()?.clone();
    let nonce = hex::encode(request.nonce);
    let name = ask.name.or_else(|| request.name.clone());
    let name = name.ok_or_else(|| Problem::invalid("name", "neither the request nor you name the box"))?;
    let id: RequestId = format!("hand-{nonce}").parse().map_err(|_| Problem::Internal)?;
    let joining = Joining {
        key: signed.key.fingerprint(),
        certificate: registry.0.authority.issue(&signed, &request.serial, Validity::of_box(asked.now))?,
        serial: request.serial,
        model: request.model,
        name,
        request: id,
        proof: Proof::Hand { account, nonce },
        association: ask.association.read()?,
        fresh: Fresh { cluster: fresh()?, pair: fresh()?, secret: Secret::new(random()?) },
    };
    let call = asked.call();
    let told = registry.engine().decide(|view| activate::activate(view, &joining, &call)).await?;
    registry.0.counts.activated.fetch_add(1, Ordering::Relaxed);
    let expires = UnixSeconds(asked.now.0.saturating_add(ANSWER_DAYS * 86_400));
    let answer = answer(&registry, joining.serial, request.nonce, told, expires)?;
    let signature = registry.0.authority.sign(answer.write().as_bytes())?;
    Ok(OfflineDone { answer: offline::Signed::write(&answer, |_| signature), expires })
}

fn answer(
    registry: &Registry,
    serial: domain::cluster::names::Serial,
    nonce: [u8; 16],
    told: Activated,
    expires: UnixSeconds,
) -> Result<Answer, Problem> {
    let Activated { host, cluster, peer, .. } = told;
    let peer = match peer {
        Some((serial, key)) => {
            let key = hex::decode(key).ok().and_then(|key| key.try_into().ok()).ok_or(Problem::Internal)?;
            Some(PeerKey { serial, key })
        }
        None => None,
    };
    Ok(Answer {
        serial,
        nonce,
        expires,
        name: host.name,
        account: host.account,
        cluster,
        peer,
        urls: registry.0.urls.clone(),
        validity: host.certificate.validity,
        certificate: base64url::decode(&host.certificate.der).ok_or(Problem::Internal)?,
        authority: registry.0.authority.der().to_vec(),
    })
}
