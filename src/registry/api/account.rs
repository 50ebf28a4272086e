//! Accounts, who signs in for them, the cluster service, and models.

use domain::{
    auth::password,
    cluster::{
        account,
        api::{AccountInfo, Done, ModelInfo, NewAccount, NewPassword, NewUser, ServiceInfo, SignIn, SignedIn},
        calls,
        key::{Key, Prefix},
        names::{ModelName, UserName},
        problem::Problem,
        record::{Account, Model, Session, User},
        view::Draft,
    },
    secret::Secret,
    time::UnixSeconds,
};

use super::{
    Registry,
    routes::{Asked, Routes},
};
use crate::engine::random;

/// How long a sign-in lasts, in seconds. Shorter: people sign in twice for one task. Longer: a browser left open is a fleet.
pub const SIGN_IN_SECONDS: u64 = 15 * 60;

pub fn add(routes: &mut Routes) {
    routes.on::<calls::SignInAccount, _>(sign_in);
    routes.on::<calls::SignOut, _>(sign_out);
    routes.on::<calls::ChangePassword, _>(change_password);
    routes.on::<calls::GetAccount, _>(show);
    routes.on::<calls::GetService, _>(service);
    routes.on::<calls::EnableService, _>(enable);
    routes.on::<calls::ListModels, _>(models);
    routes.on::<calls::PutModel, _>(put_model);
    routes.on::<calls::ListAccounts, _>(accounts);
    routes.on::<calls::CreateAccount, _>(create);
    routes.on::<calls::CreateUser, _>(create_user);
    routes.on::<calls::SetPassword, _>(set_password);
}

/// Whatever is wrong costs the same work, so that nobody learns who is there.
async fn sign_in(asked: Asked, ask: SignIn) -> Result<SignedIn, Problem> {
    let registry = &asked.registry;
    registry.0.limits.sign_in(&asked.connection)?;
    let user = registry.engine().look(|draft| draft.get::<User>(Key::User(ask.user.clone()))).await?;
    let stored = user.as_ref().map(|user| user.hash.expose().to_owned()).unwrap_or_default();
    let password = ask.password;
    let right = hashing(registry, move || os::password::check(&password, &stored).right).await?;
    let user = user.filter(|_| right).ok_or(Problem::WrongPassword)?;
    registry.0.limits.password_was_right(&asked.connection);
    let token = format!("{}{}", random()?, random()?);
    let until = UnixSeconds(asked.now.0.saturating_add(SIGN_IN_SECONDS));
    let key = Key::Session(pki::hex_digest(token.as_bytes()));
    let (log, mut call) = (user.account.clone().unwrap_or_else(account::registry_itself), asked.call());
    call.who = format!("user {}", ask.user);
    let session = Session { user: ask.user.clone(), until };
    let saved = registry.engine().decide(|view| {
        let mut draft = Draft::new(view);
        draft.put(key.clone(), session.clone());
        Ok(draft.done(call.audit(&log, "sign-in", &ask.user), ()))
    });
    saved.await?;
    Ok(SignedIn { token: Secret::new(token), until, account: user.account })
}

/// Passwords are hashed beside, few at a time.
async fn hashing<T: Send + 'static>(
    registry: &Registry,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let _place = registry.0.checks.acquire().await.map_err(|_| Problem::Internal)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Internal)
}

async fn hashed(registry: &Registry, wanted: Secret) -> Result<Secret, Problem> {
    if let Some(rule) = password::broken_rule(wanted.expose()) {
        return Err(Problem::invalid("password", rule.describe()));
    }
    let made = hashing(registry, move || os::password::make(&wanted)).await?;
    made.map(Secret::new).map_err(|_| Problem::Internal)
}

async fn sign_out(asked: Asked, (): ()) -> Result<Done, Problem> {
    if let Some(session) = asked.caller.session() {
        let key = Key::Session(session.to_owned());
        let gone = asked.registry.engine().decide(|view| {
            let mut draft = Draft::new(view);
            draft.delete(key.clone());
            Ok(draft.done(None, ()))
        });
        gone.await?;
    }
    Ok(Done { now: asked.now })
}

async fn change_password(asked: Asked, ask: NewPassword) -> Result<Done, Problem> {
    let user = asked.caller.user()?.clone();
    save_password(&asked, &user, ask.password).await
}

async fn set_password(asked: Asked, ask: NewPassword) -> Result<Done, Problem> {
    let user: UserName = asked.named("name")?;
    save_password(&asked, &user, ask.password).await
}

async fn save_password(asked: &Asked, user: &UserName, wanted: Secret) -> Result<Done, Problem> {
    let (hash, call) = (hashed(&asked.registry, wanted).await?, asked.call());
    asked.registry.engine().decide(|view| account::set_password(view, user, hash.clone(), &call)).await?;
    Ok(Done { now: asked.now })
}

async fn show(asked: Asked, (): ()) -> Result<AccountInfo, Problem> {
    let id = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| draft.get::<Account>(Key::Account(id.clone()))).await?;
    let Account { name, service } = found.ok_or(Problem::NotFound)?;
    Ok(AccountInfo { id: id.clone(), name, service })
}

async fn service(asked: Asked, (): ()) -> Result<ServiceInfo, Problem> {
    let since = show(asked, ()).await?.service;
    Ok(ServiceInfo { enabled: since.is_some(), since })
}

async fn enable(asked: Asked, (): ()) -> Result<ServiceInfo, Problem> {
    let (id, call) = (asked.caller.account()?, asked.call());
    let since = asked.registry.engine().decide(|view| account::enable_service(view, id, &call)).await?;
    Ok(ServiceInfo { enabled: true, since: Some(since) })
}

async fn models(asked: Asked, (): ()) -> Result<Vec<ModelInfo>, Problem> {
    let found = asked.registry.engine().look(|draft| draft.list::<Model>(Prefix::Models)).await?;
    let model = |(key, model): (Key, Model)| Some(ModelInfo { name: key.leaf().parse().ok()?, about: model.about });
    Ok(found.into_iter().filter_map(model).collect())
}

async fn put_model(asked: Asked, ask: ModelInfo) -> Result<Done, Problem> {
    let name: ModelName = asked.named("name")?;
    if name != ask.name {
        return Err(Problem::invalid("name", "another one than in the path"));
    }
    let call = asked.call();
    asked.registry.engine().decide(|view| account::put_model(view, &name, ask.about.clone(), &call)).await?;
    Ok(Done { now: asked.now })
}

async fn accounts(asked: Asked, (): ()) -> Result<Vec<AccountInfo>, Problem> {
    let found = asked.registry.engine().look(|draft| draft.list::<Account>(Prefix::Accounts)).await?;
    let info = |(key, Account { name, service }): (Key, Account)| {
        Some(AccountInfo { id: key.leaf().parse().ok()?, name, service })
    };
    Ok(found.into_iter().filter_map(info).collect())
}

async fn create(asked: Asked, ask: NewAccount) -> Result<AccountInfo, Problem> {
    let call = asked.call();
    asked.registry.engine().decide(|view| account::create(view, &ask.id, ask.name.clone(), &call)).await?;
    Ok(AccountInfo { id: ask.id, name: ask.name, service: None })
}

async fn create_user(asked: Asked, ask: NewUser) -> Result<Done, Problem> {
    let (hash, call) = (hashed(&asked.registry, ask.password).await?, asked.call());
    let engine = asked.registry.engine();
    engine.decide(|view| account::add_user(view, &ask.name, ask.account.clone(), hash.clone(), &call)).await?;
    Ok(Done { now: asked.now })
}
