//! `gatehouse registry account|user|model …`: what an operator does, by the registry's API.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::{
    CliError, Context,
    fleet::{Door, first_line},
    password,
    table::aligned,
};
use crate::domain::cluster::{
    api::{AccountInfo, ModelInfo, NewAccount, NewPassword, NewUser},
    calls,
    names::{AccountId, Label, ModelName, UserName},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Account {
    /// Make one
    Add(AddAccount),
    /// List them
    List(ListAccounts),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddAccount {
    /// Lower-case letters, digits and - _ . @
    id: AccountId,
    /// As people know it
    #[arg(long)]
    name: Label,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListAccounts {
    #[command(flatten)]
    door: Door,
}

pub(super) async fn account(context: &Context, command: Account) -> Result<(), CliError> {
    match command {
        Account::Add(AddAccount { id, name, door }) => {
            let fleet = door.enter(context).await?;
            let made = fleet.call::<calls::CreateAccount>(&[], &[], &NewAccount { id, name }).await;
            fleet.leave().await;
            context.output.answer(&made?, |made| format!("The account {} is made.", made.id))
        }
        Account::List(ListAccounts { door }) => {
            let fleet = door.enter(context).await?;
            let found = fleet.call::<calls::ListAccounts>(&[], &[], &()).await;
            fleet.leave().await;
            context.output.answer(&found?, |found| accounts(found))
        }
    }
}

fn accounts(found: &[AccountInfo]) -> String {
    let row = |account: &AccountInfo| {
        let service = if account.service.is_some() { "clusters enabled" } else { "" };
        [account.id.to_string(), account.name.to_string(), service.to_owned()]
    };
    aligned(&found.iter().map(row).collect::<Vec<_>>())
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum User {
    /// Let somebody sign in
    Add(AddUser),
    /// Set somebody's password
    Password(UserPassword),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddUser {
    name: UserName,
    /// For this account; without one they are an operator
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    #[command(flatten)]
    new: NewPasswordFile,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UserPassword {
    name: UserName,
    #[command(flatten)]
    new: NewPasswordFile,
    #[command(flatten)]
    door: Door,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewPasswordFile {
    /// A file whose first line is the new password [default: asked for, or one line of standard input]
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
}

impl NewPasswordFile {
    fn read(&self, name: &UserName) -> Result<crate::domain::secret::Secret, CliError> {
        match &self.new_password_file {
            Some(file) => first_line(file),
            None => password::one(&format!("New password of {name}: ")),
        }
    }
}

pub(super) async fn user(context: &Context, command: User) -> Result<(), CliError> {
    match command {
        User::Add(AddUser { name, account, new, door }) => {
            let password = new.read(&name)?;
            let fleet = door.enter(context).await?;
            let ask = NewUser { name: name.clone(), password, account };
            let done = fleet.call::<calls::CreateUser>(&[], &[], &ask).await;
            fleet.leave().await;
            context.output.answer(&done?, |_| format!("{name} can sign in."))
        }
        User::Password(UserPassword { name, new, door }) => {
            let password = new.read(&name)?;
            let fleet = door.enter(context).await?;
            let done = fleet.call::<calls::SetPassword>(&[name.as_str()], &[], &NewPassword { password }).await;
            fleet.leave().await;
            context.output.answer(&done?, |_| format!("The password of {name} is set."))
        }
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Model {
    /// Take boxes of a model from now on
    Add(AddModel),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddModel {
    name: ModelName,
    /// What it is
    #[arg(long)]
    about: Option<Label>,
    #[command(flatten)]
    door: Door,
}

pub(super) async fn model(context: &Context, command: Model) -> Result<(), CliError> {
    let Model::Add(AddModel { name, about, door }) = command;
    let fleet = door.enter(context).await?;
    let ask = ModelInfo { name: name.clone(), about };
    let done = fleet.call::<calls::PutModel>(&[name.as_str()], &[], &ask).await;
    fleet.leave().await;
    context.output.answer(&done?, |_| format!("Boxes of the model {name} are taken."))
}
