//! Activation without a network: a request goes out of the box as file or QR code, an answer comes back the same way.
//!
//! The request carries a nonce that the box keeps. The answer repeats it and is signed by the registry's authority, so that
//! an old answer, or one for another box, is refused; the registry takes each nonce for one box and one key only.

use super::{Kind, Malformed, base64url, fields, fields::Fields, url::RegistryUrl, validity::Validity};
use crate::{
    cluster::names::{AccountId, ClusterId, Label, ModelName, Serial},
    settings::host_name::HostName,
    time::UnixSeconds,
};

/// How long an answer may travel.
pub const ANSWER_DAYS: u64 = 14;
const LONGEST: usize = 8_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub serial: Serial,
    pub model: ModelName,
    /// What the technician typed; the registry's side may have prepared another one.
    pub name: Option<HostName>,
    /// A signing request (PKCS #10), as DER.
    pub csr: Vec<u8>,
    pub nonce: [u8; 16],
}

impl Request {
    pub fn write(&self) -> String {
        let name = self.name.as_ref().map(|name| (3, name.as_str().as_bytes()));
        let mut content = vec![(1, self.serial.as_str().as_bytes()), (2, self.model.as_str().as_bytes())];
        content.extend(name);
        content.extend([(4, self.csr.as_slice()), (5, self.nonce.as_slice())]);
        format!("{}{}", Kind::Request.mark(), base64url::encode(&fields::write(&content)))
    }

    /// # Errors
    /// With what is wrong with the text.
    pub fn parse(pasted: &str) -> Result<Self, Malformed> {
        let parts = Kind::Request.parts(pasted, LONGEST)?;
        let [content] = parts.as_slice() else { return Err(Malformed::Content) };
        let bytes = base64url::decode(content).ok_or(Malformed::Character)?;
        let fields = Fields::read(&bytes)?;
        fields.only(&[1, 2, 3, 4, 5])?;
        Ok(Self {
            serial: fields.text(1)?,
            model: fields.text(2)?,
            name: fields.optional_text(3)?,
            csr: fields.one(4)?.to_vec(),
            nonce: fields.array(5)?,
        })
    }
}

/// The peer of a box, as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerKey {
    pub serial: Serial,
    /// SHA-256 of its public key.
    pub key: [u8; 32],
}

/// What the registry tells the box. Its signature is over the text before the last full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub serial: Serial,
    pub nonce: [u8; 16],
    /// After this it is refused.
    pub expires: UnixSeconds,
    pub name: HostName,
    pub account: AccountId,
    pub cluster: Option<(ClusterId, Label)>,
    pub peer: Option<PeerKey>,
    pub urls: Vec<RegistryUrl>,
    pub validity: Validity,
    /// As DER.
    pub certificate: Vec<u8>,
    pub authority: Vec<u8>,
}

/// An answer with its signature, which is still to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub answer: Answer,
    /// What was signed.
    pub text: String,
    pub signature: Vec<u8>,
}

/// Why an answer is not for this box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    #[error("it is for another box")]
    OtherBox,
    #[error("it answers another request of this box, or was used already")]
    OtherRequest,
    #[error("it has expired; make a new request")]
    Expired,
    #[error("it is of another registry than the one that this box is for")]
    OtherAuthority,
}

impl Answer {
    /// The text to sign.
    pub fn write(&self) -> String {
        let expires = self.expires.0.to_be_bytes();
        let (from, until) = (self.validity.not_before.0.to_be_bytes(), self.validity.not_after.0.to_be_bytes());
        let urls = self.urls.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut content: Vec<fields::Field<'_>> = vec![
            (1, self.serial.as_str().as_bytes()),
            (2, &self.nonce),
            (3, &expires),
            (4, self.name.as_str().as_bytes()),
            (5, self.account.as_str().as_bytes()),
        ];
        if let Some((id, name)) = &self.cluster {
            content.extend([(6, id.as_str().as_bytes()), (7, name.as_str().as_bytes())]);
        }
        if let Some(peer) = &self.peer {
            content.extend([(8, peer.serial.as_str().as_bytes()), (9, peer.key.as_slice())]);
        }
        content.extend(urls.iter().map(|url| (10, url.as_bytes())));
        content.extend([(11, from.as_slice()), (12, &until), (13, &self.certificate), (14, &self.authority)]);
        format!("{}{}", Kind::Answer.mark(), base64url::encode(&fields::write(&content)))
    }

    /// Whether it is for this box, this request and this moment. `authority` is what the box was told to trust, as SHA-256, and
    /// `shown` the same of the answer's.
    ///
    /// # Errors
    /// With the first thing that does not fit.
    pub fn fits(&self, pending: &Request, authority: [u8; 32], shown: [u8; 32], now: UnixSeconds) -> Result<(), Unfit> {
        if shown != authority {
            return Err(Unfit::OtherAuthority);
        }
        if self.serial != pending.serial {
            return Err(Unfit::OtherBox);
        }
        if self.nonce != pending.nonce {
            return Err(Unfit::OtherRequest);
        }
        if now > self.expires { Err(Unfit::Expired) } else { Ok(()) }
    }
}

impl Signed {
    pub fn write(answer: &Answer, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
        let text = answer.write();
        let signature = base64url::encode(&sign(&text));
        format!("{text}.{signature}")
    }

    /// # Errors
    /// With what is wrong with the text.
    pub fn parse(pasted: &str) -> Result<Self, Malformed> {
        let parts = Kind::Answer.parts(pasted, LONGEST)?;
        let [content, signature] = parts.as_slice() else {
            return Err(if parts.len() < 2 { Malformed::CutOff } else { Malformed::Content });
        };
        let bytes = base64url::decode(content).ok_or(Malformed::Character)?;
        let fields = Fields::read(&bytes)?;
        fields.only(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])?;
        let cluster = fields.optional_text(6)?.zip(fields.optional_text(7)?);
        let peer = match fields.optional_text(8)? {
            Some(serial) => Some(PeerKey { serial, key: fields.array(9)? }),
            None => None,
        };
        let answer = Answer {
            serial: fields.text(1)?,
            nonce: fields.array(2)?,
            expires: UnixSeconds(fields.number(3)?),
            name: fields.text(4)?,
            account: fields.text(5)?,
            cluster,
            peer,
            urls: fields.all(10).map(fields::parse).collect::<Result<_, _>>()?,
            validity: Validity {
                not_before: UnixSeconds(fields.number(11)?),
                not_after: UnixSeconds(fields.number(12)?),
            },
            certificate: fields.one(13)?.to_vec(),
            authority: fields.one(14)?.to_vec(),
        };
        let text = format!("{}{content}", Kind::Answer.mark());
        let signature = base64url::decode(signature).ok_or(Malformed::CutOff)?;
        Ok(Self { answer, text, signature })
    }
}
