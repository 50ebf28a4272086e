//! The activation code: `GH1.<payload>.<secret>`.
//!
//! The payload says where the registry is, which authority it must show, and whose box this becomes; the secret, 128 bits, is
//! the proof. The registry keeps a hash over the whole text, so that an altered payload is an unknown code.

use super::{Kind, Malformed, base64url, fields, fields::Fields, url::RegistryUrl};
use crate::{
    cluster::names::{AccountId, ClusterId, ModelName, TokenId},
    secret::Secret,
    time::UnixSeconds,
};

/// Unless the administrator says otherwise.
pub const HOURS: u32 = 72;
/// Longest life of a code: who plans further ahead prepares records.
pub const MOST_HOURS: u32 = 24 * 90;
/// More addresses of a registry than this are not tried.
pub const MOST_URLS: usize = 4;
const LONGEST: usize = 1_600;

const URL: u8 = 1;
const AUTHORITY: u8 = 2;
const TOKEN: u8 = 3;
const EXPIRES: u8 = 4;
const ACCOUNT: u8 = 5;
const CLUSTER: u8 = 6;
const MODEL: u8 = 7;

/// What a code says in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// One to [`MOST_URLS`], tried in this order.
    pub urls: Vec<RegistryUrl>,
    /// SHA-256 of the registry's authority, as DER.
    pub authority: [u8; 32],
    pub token: TokenId,
    pub expires: UnixSeconds,
    pub account: AccountId,
    pub cluster: Option<ClusterId>,
    pub model: Option<ModelName>,
}

/// A code as somebody typed it, well-formed; whether it is good only its registry can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub payload: Payload,
    text: Secret,
}

impl Code {
    pub fn write(payload: Payload, secret: [u8; 16]) -> Self {
        let expires = payload.expires.0.to_be_bytes();
        let urls = payload.urls.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut fields = urls.iter().map(|url| (URL, url.as_bytes())).collect::<Vec<_>>();
        fields.extend([
            (AUTHORITY, payload.authority.as_slice()),
            (TOKEN, payload.token.as_str().as_bytes()),
            (EXPIRES, expires.as_slice()),
            (ACCOUNT, payload.account.as_str().as_bytes()),
        ]);
        fields.extend(payload.cluster.iter().map(|c| (CLUSTER, c.as_str().as_bytes())));
        fields.extend(payload.model.iter().map(|m| (MODEL, m.as_str().as_bytes())));
        let content = base64url::encode(&fields::write(&fields));
        let text = Secret::new(format!("{}{content}.{}", Kind::Code.mark(), base64url::encode(&secret)));
        Self { payload, text }
    }

    /// # Errors
    /// With what a person can mend: cut off, a wrong character, not a code at all.
    pub fn parse(pasted: &str) -> Result<Self, Malformed> {
        let parts = Kind::Code.parts(pasted, LONGEST)?;
        let [payload, secret] = parts.as_slice() else {
            return Err(if parts.len() < 2 { Malformed::CutOff } else { Malformed::Content });
        };
        let read = |text: &str| base64url::decode(text).ok_or(wrong(text));
        // a length that no text has is a text whose end is missing
        if read(secret)?.len() != 16 {
            return Err(if secret.len() < 22 { Malformed::CutOff } else { Malformed::Content });
        }
        let payload_bytes = read(payload)?;
        let fields = Fields::read(&payload_bytes)?;
        fields.only(&[URL, AUTHORITY, TOKEN, EXPIRES, ACCOUNT, CLUSTER, MODEL])?;
        let urls = fields.all(URL).map(fields::parse).collect::<Result<Vec<RegistryUrl>, _>>()?;
        if urls.is_empty() || urls.len() > MOST_URLS {
            return Err(Malformed::Content);
        }
        let content = Payload {
            urls,
            authority: fields.array(AUTHORITY)?,
            token: fields.text(TOKEN)?,
            expires: UnixSeconds(fields.number(EXPIRES)?),
            account: fields.text(ACCOUNT)?,
            cluster: fields.optional_text(CLUSTER)?,
            model: fields.optional_text(MODEL)?,
        };
        let text = Secret::new(format!("{}{payload}.{secret}", Kind::Code.mark()));
        Ok(Self { payload: content, text })
    }

    /// The whole text, without blanks; hashing it is how it is proved.
    pub fn text(&self) -> &Secret {
        &self.text
    }
}

fn wrong(text: &str) -> Malformed {
    let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if letters { Malformed::CutOff } else { Malformed::Character }
}
